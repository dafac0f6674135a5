using Microsoft.AspNetCore.Builder;

namespace DaprOrders.ServiceDefaults;

/// <summary>Creates the host of a service.</summary>
public static class DaprService
{
    /// <summary>
    /// Creates a builder like <see cref="WebApplication.CreateBuilder(string[])"/>, which reads settings files once. Watching them fails where no
    /// inotify instances are left.
    /// </summary>
    public static WebApplicationBuilder CreateBuilder(string[] args) =>
        WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false", .. args]);
}
