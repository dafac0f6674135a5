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

        var (exitCode, output) = await ProcessRunner.RunAsync(
            [.. Inotify.WithoutInstances, .. Program(appId), "--openapi"], "/", Wait.Limit, new Dictionary<string, string> { ["APP_ID"] = appId }, Cancel);

        Assert.True(exitCode is 0, output);
    }

    [Fact]
    public async Task Sidecar_is_called_without_the_proxy()
    {
        var (port, sidecarPort, proxyPort) = (FreePort.Take(), FreePort.Take(), FreePort.Take());
        using var sidecar = new FakeServer(sidecarPort, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        using var proxy = new FakeServer(proxyPort, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        var start = new ProcessStartInfo(Program("gateway")[0], Program("gateway")[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["APP_ID"], start.Environment["APP_PORT"]) = ("gateway", $"{port}");
        (start.Environment["DAPR_HTTP_PORT"], start.Environment["http_proxy"], start.Environment["no_proxy"]) = ($"{sidecarPort}", $"http://127.0.0.1:{proxyPort}", null);
        using var service = Process.Start(start)!;
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
            service.Kill();
            await service.WaitForExitAsync(Cancel);
        }
    }

    private static string[] Program(string appId) => ["dotnet", Repository.Built(Repository.Projects[appId], $"{Repository.Projects[appId]}.dll")];
}
