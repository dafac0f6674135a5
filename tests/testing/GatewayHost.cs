using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Testing;

/// <summary>Runs the gateway with a stub of its sidecar. Uses Kestrel, because tests check Kestrel's limits.</summary>
/// <typeparam name="TProgram">The <c>Program</c> class of the gateway.</typeparam>
public class GatewayHost<TProgram> : WebApplicationFactory<TProgram>
    where TProgram : class
{
    private readonly (string Key, string Value)[] _settings;

    /// <param name="settings">The configuration settings.</param>
    public GatewayHost(params (string Key, string Value)[] settings)
    {
        _settings = settings;
        UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)); // UseKestrel(0) has a race with the start of the server
    }

    public SidecarStub Sidecar { get; } = new();

    /// <summary>Gets the clock. The default skips the pauses between attempts.</summary>
    public TimeProvider Time { get; init; } = new SkippedPauses();

    /// <summary>Gets an action that changes the registered services.</summary>
    public Action<IServiceCollection> Configure { get; init; } = _ => { };

    public new HttpClient CreateClient()
    {
        StartServer();
        return base.CreateClient();
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
        Sidecar.Dispose();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.UseSetting("APP_ID", "gateway");
        builder.UseSetting("DAPR_HTTP_ENDPOINT", Sidecar.Url);
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
        builder.ConfigureTestServices(services => Configure(services.AddSingleton(Time).DisableBackgroundHealthChecks()));
        foreach (var (key, value) in _settings)
        {
            builder.UseSetting(key, value);
        }
    }
}
