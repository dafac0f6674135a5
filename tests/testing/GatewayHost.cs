using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Testing;

/// <summary>The gateway and the stub of its sidecar. It runs on Kestrel, because Kestrel's limits are part of what is tested.</summary>
/// <typeparam name="TProgram">The gateway's Program.</typeparam>
public class GatewayHost<TProgram> : WebApplicationFactory<TProgram>
    where TProgram : class
{
    private readonly (string Key, string Value)[] _settings;

    /// <param name="settings">Settings of the configuration, by their keys.</param>
    public GatewayHost(params (string Key, string Value)[] settings)
    {
        _settings = settings;
        UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)); // by its port alone it would race with the start
    }

    public SidecarStub Sidecar { get; } = new();

    /// <summary>Gets the clock. By default pauses between attempts take no time.</summary>
    public TimeProvider Time { get; init; } = new SkippedPauses();

    /// <summary>Gets what a test changes in the services.</summary>
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
        builder.ConfigureTestServices(services => Configure(services.AddSingleton(Time)));
        foreach (var (key, value) in _settings)
        {
            builder.UseSetting(key, value);
        }
    }
}
