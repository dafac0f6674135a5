using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.OrderService.Sweep;
using DaprOrders.OrderService.Tests.Orders;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace DaprOrders.OrderService.Tests;

/// <summary>Changes the state of the database while the service runs. The service must respond 503 or work, and recover.</summary>
public sealed class DatabaseStateTests(OrderServiceFixture fixture)
{
    private const string EndSessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{0}' AND pid <> pg_backend_pid()";

    private static readonly (string, string)[] FrequentSweep = [("Sweep:Interval", "00:00:00.200")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ALTER DATABASE {0} SET default_transaction_read_only = on", "ALTER DATABASE {0} RESET default_transaction_read_only")]
    [InlineData("ALTER DATABASE {0} ALLOW_CONNECTIONS false", "ALTER DATABASE {0} ALLOW_CONNECTIONS true")]
    [InlineData(
        "ALTER DATABASE {0} ALLOW_CONNECTIONS false; " + EndSessions + "; ALTER DATABASE {0} RENAME TO {0}_away",
        "ALTER DATABASE {0}_away RENAME TO {0}; ALTER DATABASE {0} ALLOW_CONNECTIONS true")]
    public async Task Service_responds_503_while_its_database_is_read_only_closed_or_renamed_and_then_recovers(string change, string restore)
    {
        await using var host = await fixture.StartAsync(FrequentSweep);
        using var client = host.CreateClient();
        await PlaceOrderTests.PlaceAsync(client);
        await using var server = new Server(host.ConnectionString);

        await server.ExecuteAsync(change);
        await server.ExecuteAsync(EndSessions);
        await Wait.UntilAsync("a failed sweep", () => host.Warnings.Any(warning => warning.StartsWith("Sweep failed", StringComparison.Ordinal)));
        await Wait.UntilAsync("the response 503", async () =>
        {
            using var placed = await PostAsync(client);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, placed.StatusCode);
            Assert.Equal("application/problem+json", placed.Content.Headers.ContentType?.MediaType);
            return placed.Headers.GetValues("Retry-After").Single() == "1";
        });
        Assert.Single(host.Warnings, warning => warning.StartsWith("Sweep failed", StringComparison.Ordinal)); // once, although it is repeated
        using var live = await client.GetAsync(new Uri("/healthz/live", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);

        await server.ExecuteAsync(restore);
        await server.ExecuteAsync(EndSessions);
        await UntilPlacedAsync(client);
        await Wait.UntilAsync("an empty outbox", async () => await host.QueryAsync<long>("SELECT count(*) FROM outbox") == 0);
        await UntilHealthyAsync(client, "background");
    }

    [Fact]
    public async Task Column_that_a_later_version_adds_does_not_disturb_the_running_version()
    {
        await using var host = await fixture.StartAsync(FrequentSweep);
        using var client = host.CreateClient();
        await PlaceOrderTests.PlaceAsync(client);
        await SweepTwiceAsync(host); // its statement is prepared now

        await host.ExecuteAsync("ALTER TABLE orders ADD COLUMN later text NOT NULL DEFAULT ''; ALTER TABLE dead_letters ADD COLUMN later text");

        await UntilPlacedAsync(client);
        await Wait.UntilAsync("a sweep", async () =>
        {
            await host.ExecuteAsync("UPDATE orders SET next_sweep_at = now() - interval '1 s'");
            return await host.QueryAsync<int>("SELECT max(sweeps) FROM orders") > 2;
        });
        await UntilHealthyAsync(client, "background");
    }

    [Fact]
    public async Task Request_that_waits_for_a_locked_table_until_the_lock_timeout_is_503()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await host.ExecuteAsync($"ALTER DATABASE {new NpgsqlConnectionStringBuilder(host.ConnectionString).Database} SET lock_timeout = '200ms'");
        await host.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        await using var holder = await host.Database.OpenConnectionAsync(Cancel);
        await using var transaction = await holder.BeginTransactionAsync(Cancel);
        await using var hold = new NpgsqlCommand("LOCK TABLE orders", holder);
        await hold.ExecuteNonQueryAsync(Cancel);

        using var placed = await PostAsync(client);
        using var listed = await client.GetAsync(new Uri("/orders", UriKind.Relative), Cancel);
        await transaction.RollbackAsync(Cancel);

        Assert.Equal([HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable], [placed.StatusCode, listed.StatusCode]);
        await UntilPlacedAsync(client);
    }

    [Fact]
    public async Task Connections_to_a_vanished_host_are_replaced()
    {
        await using var original = await fixture.StartAsync();
        using var proxy = new FreezableProxy(new NpgsqlConnectionStringBuilder(original.ConnectionString).Port);
        var throughProxy = new NpgsqlConnectionStringBuilder(original.ConnectionString) { Port = proxy.Port, CommandTimeout = 1 }.ConnectionString;
        await using var host = new ServiceHost<Program>("order", throughProxy, new SidecarStub());
        using var client = host.CreateClient();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PlaceOrderTests.PlaceAsync(client)));

        proxy.FreezeConnections();

        await UntilPlacedAsync(client);
        await Wait.UntilAsync("ten orders at once", async () =>
        {
            var placed = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PostAsync(client)));
            return Array.TrueForAll(placed, response => response.StatusCode is HttpStatusCode.Created);
        });
    }

    [Fact]
    public async Task Other_formats_and_time_zone_of_the_database_change_no_response()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var server = new Server(host.ConnectionString);
        await server.ExecuteAsync(
            "ALTER DATABASE {0} SET timezone = 'Asia/Kathmandu'; ALTER DATABASE {0} SET datestyle = 'German'; ALTER DATABASE {0} SET intervalstyle = 'iso_8601'");
        await server.ExecuteAsync(EndSessions);
        await UntilPlacedAsync(client);

        var page = await client.GetFromJsonAsync<JsonElement>("/orders", Cancel);

        var created = page.GetProperty("items")[0].GetProperty("created_at").GetDateTimeOffset();
        Assert.Equal(TimeSpan.Zero, created.Offset);
        Assert.InRange(created, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
        await Wait.UntilAsync("an empty outbox", async () => await host.QueryAsync<long>("SELECT count(*) FROM outbox") == 0);
    }

    [Fact]
    public async Task Lock_of_the_relay_in_another_session_degrades_the_service_until_it_is_released()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var holder = await host.Database.OpenConnectionAsync(Cancel);
        await using (var hold = new NpgsqlCommand("SELECT pg_advisory_lock(hashtext('outbox'))", holder))
        {
            await hold.ExecuteNonQueryAsync(Cancel);
        }

        await PlaceOrderTests.PlaceAsync(client);
        await Wait.UntilAsync("the outbox to be reported", async () => (await FailingAsync(client)).Contains("outbox"));
        await using (var release = new NpgsqlCommand("SELECT pg_advisory_unlock_all()", holder))
        {
            await release.ExecuteNonQueryAsync(Cancel);
        }

        Assert.Single(await host.Sidecar.PublishedAsync("order.created", 1));
        await UntilHealthyAsync(client, "outbox");
    }

    private static async Task SweepTwiceAsync(ServiceHost<Program> host)
    {
        for (var sweep = 1; sweep <= 2; sweep++)
        {
            await host.ExecuteAsync("UPDATE orders SET next_sweep_at = now() - interval '1 s'");
            await host.Services.GetRequiredService<PendingOrderSweep>().SweepAsync(Cancel);
        }
    }

    private static Task UntilHealthyAsync(HttpClient client, string check) =>
        Wait.UntilAsync($"a healthy {check}", async () => !(await FailingAsync(client)).Contains(check));

    private static async Task<IReadOnlyList<string>> FailingAsync(HttpClient client)
    {
        using var ready = await client.GetAsync(new Uri("/healthz/ready", UriKind.Relative), Cancel);
        var body = await ready.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        return [.. body.GetProperty("failing").EnumerateObject().Select(check => check.Name)];
    }

    private static Task UntilPlacedAsync(HttpClient client) => Wait.UntilAsync("an order that is placed", async () =>
    {
        using var placed = await PostAsync(client);
        Assert.Contains(placed.StatusCode, (HttpStatusCode[])[HttpStatusCode.Created, HttpStatusCode.ServiceUnavailable]);
        return placed.StatusCode is HttpStatusCode.Created;
    });

    private static Task<HttpResponseMessage> PostAsync(HttpClient client) =>
        client.PostAsJsonAsync(new Uri("/orders", UriKind.Relative), new { item_id = "item-1", quantity = 1 }, Cancel);

    /// <summary>A session outside the database of the service.</summary>
    private sealed class Server(string connectionString) : IAsyncDisposable
    {
        private readonly string _database = new NpgsqlConnectionStringBuilder(connectionString).Database!;

        private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(connectionString) { Database = "postgres", Pooling = false });

        /// <summary>Executes SQL, in which {0} is the database of the service.</summary>
        public async Task ExecuteAsync(string sql)
        {
            foreach (var statement in sql.Replace("{0}", _database, StringComparison.Ordinal).Split("; "))
            {
                await using var command = _source.CreateCommand(statement);
                await command.ExecuteNonQueryAsync(Cancel);
            }
        }

        public ValueTask DisposeAsync() => _source.DisposeAsync();
    }
}
