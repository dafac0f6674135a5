using System.Net;
using System.Text;

namespace DaprOrders.Testing;

/// <summary>
/// Starts one service for all tests of a class. Use it only for tests that do not change stored data. The service runs on Kestrel, because Kestrel's
/// limits decide which requests reach a route. A derived class that implements <c>IAsyncLifetime</c> is a class fixture.
/// </summary>
/// <typeparam name="TProgram">The <c>Program</c> class of the service.</typeparam>
public abstract class SharedService<TProgram>(ServiceFixture<TProgram> fixture) : IAsyncDisposable
    where TProgram : class
{
    private readonly SocketsHttpHandler _anyHeaders = new() { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 };
    private ServiceHost<TProgram>? _host;
    private HttpClient? _client;

    public ServiceHost<TProgram> Host => _host ?? throw new InvalidOperationException("The service has not been started.");

    /// <summary>Gets a client that can also send header values that are not ASCII.</summary>
    public HttpClient Client => _client ?? throw new InvalidOperationException("The service has not been started.");

    public async ValueTask InitializeAsync()
    {
        _host = await fixture.StartAsync();
        _host.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)); // UseKestrel(0) has a race with the start of the server
        using (_host.CreateClient())
        {
            _client = new HttpClient(_anyHeaders, disposeHandler: false) { BaseAddress = _host.ClientOptions.BaseAddress };
        }
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        _client?.Dispose();
        _anyHeaders.Dispose();
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }
}
