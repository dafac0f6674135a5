using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using DaprOrders.Gateway.Invocation;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests.Invocation;

public sealed class RetryTests
{
    private const string Orders = "/v1.0/invoke/order/method/orders";
    private const string Placed = """{"id":"0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e","status":"pending"}""";
    private const string NoResponse = """{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: order, err: context deadline exceeded"}""";
    private const string NoHost = """{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: order, err: no host found with the given ID"}""";

    private static readonly object Order = new { item_id = "item-123", quantity = 1 };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Attempt_without_response_for_two_seconds_is_retried_with_the_same_key()
    {
        var time = new SkippedPauses();
        await using var gateway = new GatewayHost { Time = time };
        using var client = gateway.CreateClient();
        var keys = new ConcurrentQueue<string>(); // in order of arrival; WireMock logs a request only after its response
        var firstResponse = new TaskCompletionSource<string>();
        gateway.Sidecar.Server.Given(Request.Create().UsingPost().WithPath(Orders)).RespondWith(
            Response.Create().WithStatusCode(201).WithHeader("Content-Type", "application/json").WithBody(async request =>
            {
                keys.Enqueue(request.Headers!["Idempotency-Key"].Single());
                return keys.Count == 1 ? await firstResponse.Task : Placed;
            }));

        var posted = client.PostAsJsonAsync("/orders", Order, Cancel);
        await Wait.UntilAsync("the first attempt", () => keys.Count == 1);
        time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.Single(keys);
        time.Advance(TimeSpan.FromSeconds(0.1));
        using var response = await posted;
        firstResponse.SetResult(Placed);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var key = Assert.Single(response.Headers.GetValues("Idempotency-Key"));
        Assert.Equal([key, key], keys);
    }

    [Fact]
    public async Task Client_that_disconnects_ends_the_attempts_without_a_warning()
    {
        var log = new FakeLogger<UpstreamExceptionHandler>();
        await using var gateway = new GatewayHost { Configure = services => services.AddSingleton<ILogger<UpstreamExceptionHandler>>(log) };
        using var client = gateway.CreateClient();
        using var ended = new MetricCollector<double>(
            gateway.Services.GetRequiredService<IMeterFactory>(), "Microsoft.AspNetCore.Hosting", "http.server.request.duration");
        using var disconnect = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var attempts = 0;
        var response = new TaskCompletionSource<string>();
        gateway.Sidecar.Server.Given(Request.Create().UsingPost().WithPath(Orders)).RespondWith(
            Response.Create().WithStatusCode(201).WithBody(_ =>
            {
                Interlocked.Increment(ref attempts);
                return response.Task;
            }));

        var posted = client.PostAsJsonAsync("/orders", Order, disconnect.Token);
        await Wait.UntilAsync("the first attempt", () => attempts == 1);
        await disconnect.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => posted);
        await ended.WaitForMeasurementsAsync(1, Wait.Limit);
        response.SetResult(Placed);

        Assert.Equal(1, attempts);
        Assert.Empty(log.Collector.GetSnapshot());
    }

    [Fact]
    public async Task One_attempt_that_may_have_run_makes_the_outcome_unknown()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();
        RespondInTurn(gateway, Json(500, NoResponse), Json(500, NoHost));

        using var response = await client.PostAsJsonAsync("/orders", Order, Cancel);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.False(response.Headers.Contains("Retry-After"));
        Assert.Contains("may have been processed", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.InRange(gateway.Sidecar.Server.LogEntries.Count, 3, 1000);
    }

    [Fact]
    public async Task Request_without_a_sidecar_is_503_with_Retry_After()
    {
        await using var gateway = new GatewayHost(("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}"));
        using var client = gateway.CreateClient();

        using var response = await client.PostAsJsonAsync("/orders", Order, Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.True(response.Headers.Contains("Retry-After"));
        Assert.DoesNotContain("127.0.0.1", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Truncated_response_is_retried_and_finally_502()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var gateway = new GatewayHost(("DAPR_HTTP_ENDPOINT", $"http://{listener.LocalEndpoint}"));
        using var client = gateway.CreateClient();

        var posted = client.PostAsJsonAsync("/orders", Order, Cancel);
        var attempts = 0;
        while (await Task.WhenAny(posted, SendTruncatedResponseAsync(listener)).WaitAsync(Wait.Limit, Cancel) != posted)
        {
            attempts++;
        }

        using var response = await posted;
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.False(response.Headers.Contains("Retry-After"));
        Assert.InRange(attempts, 2, 1000);
    }

    private static async Task SendTruncatedResponseAsync(TcpListener listener)
    {
        using var connection = await listener.AcceptTcpClientAsync(Cancel);
        var stream = connection.GetStream();
        await stream.ReadAtLeastAsync(new byte[1], 1, cancellationToken: Cancel);
        await stream.WriteAsync("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"u8.ToArray(), Cancel);
        connection.Client.Shutdown(SocketShutdown.Send);
    }

    private static IResponseBuilder Json(int status, string body) =>
        Response.Create().WithStatusCode(status).WithHeader("Content-Type", "application/json").WithBody(body);

    private static void RespondInTurn(GatewayHost gateway, IResponseBuilder first, IResponseBuilder then)
    {
        var post = Request.Create().UsingPost().WithPath(Orders);
        gateway.Sidecar.Server.Given(post).InScenario("turns").WillSetStateTo("then").RespondWith(first);
        gateway.Sidecar.Server.Given(post).InScenario("turns").WhenStateIs("then").RespondWith(then);
    }
}
