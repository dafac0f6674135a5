using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprOrders.ServiceDefaults;

/// <summary>Creates and runs the host of a service.</summary>
public static partial class DaprService
{
    /// <summary>
    /// Creates a builder like <see cref="WebApplication.CreateBuilder(string[])"/>, which reads settings files once. Watching them fails where no
    /// inotify instances are left.
    /// </summary>
    public static WebApplicationBuilder CreateBuilder(string[] args) =>
        WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false", .. args]);

    /// <summary>Runs the service until it is stopped. A setting that is not valid is logged in one line, without a stack trace.</summary>
    /// <returns>The exit code: 1 if a setting is not valid, otherwise 0.</returns>
    public static async Task<int> RunUntilStoppedAsync(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        await using (app)
        {
            try
            {
                await app.StartAsync();
            }
            catch (OptionsValidationException e)
            {
                LogInvalid(app.Logger, e.Message);
                return 1;
            }

            await app.WaitForShutdownAsync();
            return 0;
        }
    }

    [LoggerMessage(LogLevel.Critical, "The service cannot start: {Error}")]
    private static partial void LogInvalid(ILogger logger, string error);
}
