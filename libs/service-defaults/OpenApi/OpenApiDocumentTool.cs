using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DaprOrders.ServiceDefaults;

/// <summary>The tool of Microsoft.Extensions.ApiDescription.Server, which starts the service to write its OpenAPI document.</summary>
internal static class OpenApiDocumentTool
{
    /// <summary>Gets whether the tool has started this process.</summary>
    public static bool IsRunning { get; } = Assembly.GetEntryAssembly()?.GetName().Name is "GetDocument.Insider";

    /// <summary>Leaves out background work and start-up checks, which need the database and settings, while the tool runs the service.</summary>
    public static void LeaveOutHostedServices(this WebApplicationBuilder builder)
    {
        if (!IsRunning)
        {
            return;
        }

        // Called when the service is built, after all registrations.
        builder.Host.ConfigureContainer<IServiceCollection>(services =>
        {
            services.RemoveAll<IStartupValidator>();
            foreach (var hosted in services.Where(service => service.ServiceType == typeof(IHostedService) && !IsWebHost(service)).ToList())
            {
                services.Remove(hosted);
            }
        });
    }

    private static bool IsWebHost(ServiceDescriptor service) => service.ImplementationType?.Assembly == typeof(WebApplication).Assembly
        || service.ImplementationType?.FullName is "Microsoft.AspNetCore.Hosting.GenericWebHostService";
}
