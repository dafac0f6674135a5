using System.Net;
using System.Text;

namespace DaprOrders.Testing;

/// <summary>
/// One service for all tests of a class: only for tests that leave nothing behind in it. It runs on Kestrel, because Kestrel's limits count and
/// Kestrel decides what reaches a route. A class derived from it that is an <c>IAsyncLifetime</c> is a class fixture.
/// </summary>
/// <typeparam name="TProgram">The service's Program.</typeparam>
public abstract class SharedService<TProgram>(ServiceFixture<TProgram> fixture) : IAsyncDisposable
    where TProgram : class
{
    private readonly SocketsHttpHandler _anyHeaders = new() { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 };
    private ServiceHost<TProgram>? _host;
    private HttpClient? _client;

    public ServiceHost<TProgram> Host => _host ?? throw new InvalidOperationException("The service was not started.");

    /// <summary>Gets a client that sends header values as they are, even those that are not ASCII.</summary>
    public HttpClient Client => _client ?? throw new InvalidOperationException("The service was not started.");

    public async ValueTask InitializeAsync()
    {
        _host = await fixture.StartAsync();
        _host.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)); // by its port alone it would race with the start
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
