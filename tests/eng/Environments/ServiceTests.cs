using System.Diagnostics;
using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Environments;

/// <summary>Starts services directly, as plain <c>dapr run</c> does.</summary>
public sealed class ServiceTests
{
    public static TheoryData<string> Services => [.. Repository.Projects.Keys];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Service_starts_without_free_inotify_instances(string appId)
    {
        await Inotify.SkipUnlessPossibleAsync();
        var port = FreePort.Take();
        using var service = Start([.. Inotify.WithoutInstances, .. Program(appId)], new()
        {
            ["APP_ID"] = appId,
            ["APP_PORT"] = $"{port}",
            ["APP_API_TOKEN"] = "any",
            ["ConnectionStrings__Database"] = "Host=127.0.0.1;Port=1", // not needed to start
        });
        try
        {
            await Wait.UntilAsync($"{appId} to listen", () => service.HasExited || FreePort.Listens(port));

            Assert.False(service.HasExited);
        }
        finally
        {
            await EndAsync(service);
        }
    }

    [Fact]
    public async Task Sidecar_is_called_without_the_proxy()
    {
        var (port, sidecarPort, proxyPort) = (FreePort.Take(), FreePort.Take(), FreePort.Take());
        using var sidecar = new FakeServer(sidecarPort, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        using var proxy = new FakeServer(proxyPort, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        using var service = Start(Program("gateway"), new()
        {
            ["APP_ID"] = "gateway",
            ["APP_PORT"] = $"{port}",
            ["DAPR_HTTP_PORT"] = $"{sidecarPort}",
            ["http_proxy"] = $"http://127.0.0.1:{proxyPort}",
            ["no_proxy"] = null,
        });
        try
        {
            await Wait.UntilAsync("the gateway to listen", () => FreePort.Listens(port));
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

            await client.GetAsync(new Uri("/healthz/ready", UriKind.Relative), Cancel);
            await client.GetAsync(new Uri("/orders", UriKind.Relative), Cancel);

            Assert.Contains("GET /v1.0/healthz/outbound HTTP/1.1", sidecar.Requests);
            Assert.Contains("GET /v1.0/invoke/order/method/orders HTTP/1.1", sidecar.Requests);
            Assert.Empty(proxy.Requests);
        }
        finally
        {
            await EndAsync(service);
        }
    }

    private static Process Start(string[] command, Dictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { Environment = { ["Authentication__Enabled"] = "false" } };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task EndAsync(Process service)
    {
        service.Kill();
        await service.WaitForExitAsync(Cancel);
    }

    private static string[] Program(string appId) => ["dotnet", Repository.Built(Repository.Projects[appId], $"{Repository.Projects[appId]}.dll")];
}
