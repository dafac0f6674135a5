using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.OrderService.Tests;

public sealed class HealthTests(OrderServiceFixture fixture)
{
    private const string TimedOut = "no answer within 1 s";
    private const string AllSubscriptions = """{"subscriptions":[{"topic":"inventory.updated"},{"topic":"order.dead"}]}""";

    private static readonly Uri Ready = new("/healthz/ready", UriKind.Relative);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Service_is_healthy_if_all_that_it_needs_is_available()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();

        var (status, body) = await GetReadyAsync(client);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"status":"healthy","failing":{}}""", body);
    }

    [Fact]
    public async Task Database_that_refuses_connections_makes_the_service_unready()
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();
        var (name, superuser) = Superuser(host);
        await using var admin = NpgsqlDataSource.Create(superuser);
        await using var close = admin.CreateCommand(
            $"ALTER DATABASE {name} ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        await close.ExecuteNonQueryAsync(Cancel);

        // The error differs: a pooled connection was terminated, or a new connection is refused. Only the name of the check is tested.
        var failing = await FailingAsync(client);

        Assert.Contains("database", failing.Keys);
        Assert.DoesNotContain("sidecar", failing.Keys);
        await AssertAliveAsync(client);
    }

    [Fact]
    public async Task Database_that_does_not_respond_is_reported_after_a_second()
    {
        await using var host = await StartAsync();
        using var proxy = new FreezableProxy(new NpgsqlConnectionStringBuilder(host.ConnectionString).Port);
        var throughProxy = new NpgsqlConnectionStringBuilder(host.ConnectionString) { Port = proxy.Port }.ConnectionString;
        await using var service = new ServiceHost<Program>("order", throughProxy, StubMetadata(new SidecarStub()));
        using var client = service.CreateClient();
        proxy.Freeze();

        var started = Stopwatch.GetTimestamp();
        using var ready = await client.GetAsync(Ready, Cancel);

        Assert.Equal(TimedOut, Failing(await ready.Content.ReadAsStringAsync(Cancel))["database"]);
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromSeconds(0.9));
        await AssertAliveAsync(client);
        proxy.Dispose(); // otherwise the service waits for its database when it stops
    }

    [Theory]
    [InlineData(29, null)]
    [InlineData(120, "the oldest event has waited for [0-9]{3} s")]
    public async Task Event_that_has_waited_for_over_30_seconds_makes_the_service_degraded(int seconds, string? reason)
    {
        await using var host = await StartAsync();
        using var client = host.CreateClient();

        // The database measures the age. The younger event is created in the future, so that it stays young enough on a slow machine.
        var age = reason is null ? "-1 h" : $"{seconds} s";
        await host.ExecuteAsync(
            $$"""
            INSERT INTO outbox (id, topic, key, data, created_at, not_before, attempts)
            VALUES (gen_random_uuid(), 'order.created', 'k', '{}', now() - interval '{{age}}', now() + interval '1 h', 0)
            """);

        var (status, body) = await GetReadyAsync(client);
        if (reason is not null)
        {
            await Wait.UntilAsync("the relay to measure the outbox", async () =>
            {
                (status, body) = await GetReadyAsync(client);
                return Failing(body).ContainsKey("outbox");
            });
            Assert.Matches(reason, Failing(body)["outbox"]);
        }

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith(reason is null ? """{"status":"healthy",""" : """{"status":"degraded",""", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Subscription_that_is_missing_in_the_sidecar_makes_the_service_degraded()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        StubMetadata(host.Sidecar, """{"subscriptions":[{"topic":"order.dead"}]}""");

        var (status, body) = await GetReadyAsync(client);
        var failing = Failing(body);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith("the sidecar has no subscription to inventory.updated;", Assert.Single(failing).Value, StringComparison.Ordinal);
        Assert.Equal("subscriptions", Assert.Single(failing).Key);
    }

    [Fact]
    public async Task Service_accepts_orders_and_stays_ready_while_the_broker_is_unavailable()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await fixture.StartAsync(time);
        StubMetadata(host.Sidecar);
        host.Sidecar.Server.Given(Request.Create().WithPath("/v1.0/publish/bulk/*")).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500).WithBody("the broker is unavailable"));
        using var client = host.CreateClient();

        for (var second = 0; second < 60; second++)
        {
            using var placed = await client.PostAsJsonAsync(new Uri("/orders", UriKind.Relative), new { item_id = "item-1", quantity = 1 }, Cancel);
            Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await GetReadyAsync(client)).Status);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        await Wait.UntilAsync("the outbox to be reported", async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            var (status, body) = await GetReadyAsync(client);
            Assert.Equal(HttpStatusCode.OK, status);
            return Failing(body).ContainsKey("outbox");
        });
        Assert.Equal(60L, await host.QueryAsync<long>("SELECT count(*) FROM outbox"));
    }

    private static SidecarStub StubMetadata(SidecarStub sidecar, string metadata = AllSubscriptions)
    {
        sidecar.Server.Given(Request.Create().WithPath("/v1.0/metadata")).AtPriority(10)
            .RespondWith(Response.Create().WithStatusCode(200).WithHeader("Content-Type", "application/json").WithBody(metadata));
        return sidecar;
    }

    private static (string Database, string Superuser) Superuser(ServiceHost<Program> host)
    {
        var connection = new NpgsqlConnectionStringBuilder(host.ConnectionString);
        var name = connection.Database!;
        connection.Database = "postgres";
        return (name, connection.ConnectionString);
    }

    private static async Task<Dictionary<string, string>> FailingAsync(HttpClient client)
    {
        var (status, body) = await GetReadyAsync(client);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        return Failing(body);
    }

    /// <summary>Returns the response of the readiness check. Repeats it if a check timed out, which can happen on a busy machine.</summary>
    private static async Task<(HttpStatusCode Status, string Body)> GetReadyAsync(HttpClient client)
    {
        var response = (HttpStatusCode.OK, Body: "");
        await Wait.UntilAsync("checks that do not time out", async () =>
        {
            using var ready = await client.GetAsync(Ready, Cancel);
            response = (ready.StatusCode, await ready.Content.ReadAsStringAsync(Cancel));
            return !Failing(response.Body).ContainsValue(TimedOut);
        });
        return response;
    }

    private static Dictionary<string, string> Failing(string body) =>
        JsonDocument.Parse(body).RootElement.GetProperty("failing").EnumerateObject().ToDictionary(check => check.Name, check => check.Value.GetString()!);

    private static async Task AssertAliveAsync(HttpClient client)
    {
        using var live = await client.GetAsync(new Uri("/healthz/live", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    private async Task<ServiceHost<Program>> StartAsync()
    {
        var host = await fixture.StartAsync();
        StubMetadata(host.Sidecar);
        return host;
    }
}
