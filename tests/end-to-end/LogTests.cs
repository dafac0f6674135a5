using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;
using DaprOrders.Testing;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>Reads the log of a whole run outside Development: orders, a batch, a dead letter, refused requests, and a service without its database.</summary>
public sealed class LogTests
{
    private const string Prefix = "== APP - ";

    /// <summary>The loggers of background work. Their lines belong to no request and no event.</summary>
    private static readonly string[] Background =
    [
        "Relay", "RelayService", "PendingOrderSweep", "BackgroundWork", "HealthMonitor", "DatabaseDefaultsCheck", "DeadLetterRetention", "Lifetime",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_of_requests_and_events_have_trace_service_and_order_and_no_line_has_a_secret()
    {
        var password = $"password-{Guid.NewGuid():N}";
        await using var stack = new StackHost(new StackOptions
        {
            ConnectionKeywords = $"Password={password}",
            Environment = new Dictionary<string, string>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["Authentication__Enabled"] = "false",
                ["Serilog__MinimumLevel__Default"] = "Debug",
            },
        });
        await stack.PrepareAsync();
        await stack.Postgres.ExecuteAsync(
            $"""
            DO $$ DECLARE role text; BEGIN
              FOR role IN SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname <> 'postgres' LOOP
                EXECUTE format('ALTER ROLE %I PASSWORD %L', role, '{password}');
              END LOOP;
            END $$
            """);
        await MigrateAsync(stack);
        var lines = new ConcurrentQueue<string>();
        stack.Runtime.OnLine = lines.Enqueue;
        await stack.Runtime.StartAsync();
        await stack.UntilReadyAsync();
        await stack.QueryAsync("inventory_db", "INSERT INTO stock (item_id, initial, available) VALUES ('item-1', 1000, 1000)");

        var order = await OrderAsync(stack);
        await RedriveAsync(stack);
        await SendRefusedRequestsAsync(stack);
        await stack.Postgres.ExecuteAsync($"ALTER ROLE notification PASSWORD '{password}2'");
        await stack.Postgres.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'notification'");
        using var unavailable = await stack.Gateway.GetAsync(new Uri("/notifications", UriKind.Relative), Cancel);
        Assert.False(unavailable.IsSuccessStatusCode);
        await Wait.UntilAsync("the error of the database", () => lines.Any(line => line.Contains("password authentication failed", StringComparison.Ordinal)));

        foreach (var secret in new[] { password, stack.Tokens.App, stack.Tokens.Operator })
        {
            Assert.DoesNotContain(lines, line => line.Contains(secret, StringComparison.Ordinal));
        }

        AssertFields([.. lines.Where(line => line.StartsWith(Prefix, StringComparison.Ordinal)).Select(Parse)], order);
    }

    /// <summary>Places an order, waits until it is settled and notified, and returns its id.</summary>
    private static async Task<string> OrderAsync(StackHost stack)
    {
        using var response = await stack.Gateway.PostAsJsonAsync("/orders", new { item_id = "item-1", quantity = 1 }, Cancel);
        var order = (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString()!;
        await Wait.UntilAsync(
            "the notification",
            async () => (long)(await stack.QueryAsync("notification_db", $"SELECT count(*) FROM notifications WHERE order_id = '{order}'"))! == 1);
        using var settled = await stack.Gateway.GetAsync(new Uri($"/orders/{order}?wait=20s", UriKind.Relative), Cancel);
        return order;
    }

    /// <summary>Delivers an event that cannot be read, and redrives its dead letter, which fails.</summary>
    private static async Task RedriveAsync(StackHost stack)
    {
        using var inventory = Client(stack, "inventory", stack.Tokens.Operator);
        inventory.DefaultRequestHeaders.Add("dapr-api-token", stack.Tokens.App);
        Assert.Equal(["SUCCESS"], await inventory.DeliverAsync("order.created", Deliveries.Event("order.created", new { order_id = "none" })));
        using var redriven = await inventory.PostAsync(new Uri("/dead-letters/redrive?topic=order.created", UriKind.Relative), null, Cancel);
        Assert.Equal(HttpStatusCode.OK, redriven.StatusCode);
    }

    private static async Task SendRefusedRequestsAsync(StackHost stack)
    {
        using var malformed = await stack.Gateway.PostAsync(new Uri("/orders", UriKind.Relative), new StringContent("{"), Cancel);
        using var inventory = Client(stack, "inventory", "wrong");
        using var unauthorized = await inventory.GetAsync(new Uri("/dead-letters", UriKind.Relative), Cancel);
        using var refused = await inventory.PostAsync(new Uri("/events/order.created", UriKind.Relative), null, Cancel);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (unauthorized.StatusCode, refused.StatusCode));
    }

    private static HttpClient Client(StackHost stack, string appId, string token) => new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{stack.Instances.First(instance => instance.AppId == appId).Port}"),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
    };

    /// <summary>Migrates the databases, because the services do not outside Development.</summary>
    private static async Task MigrateAsync(StackHost stack)
    {
        foreach (var (appId, database) in new[] { ("order", "orders_db"), ("inventory", "inventory_db"), ("notification", "notification_db") })
        {
            var environment = new Dictionary<string, string> { ["APP_ID"] = appId, ["ConnectionStrings__Migrations"] = stack.OwnerConnectionString(database) };
            var (exitCode, output) = await ProcessRunner.RunAsync(
                [.. StackSettings.FromEnvironment().Command(appId), "--migrate"], AppContext.BaseDirectory, Wait.Limit, environment, Cancel);
            Assert.True(exitCode is 0, output);
        }
    }

    private static JsonElement Parse(string line)
    {
        var json = line[(line.IndexOf("== ", Prefix.Length, StringComparison.Ordinal) + 3)..];
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(json);
        }
        catch (JsonException e)
        {
            throw new FormatException($"Not JSON: {line}", e);
        }
    }

    private static void AssertFields(List<JsonElement> lines, string order)
    {
        Assert.All(lines, line => Assert.Contains(Text(line, "Service"), new[] { "gateway", "order", "inventory", "notification" }));

        var ofWork = lines.Where(line => !IsBackground(line)).ToList();
        Assert.All(ofWork, line => Assert.True(Text(line, "@tr") is { Length: 32 } && Text(line, "@sp") is { Length: 16 }, $"{line}"));
        Assert.All(lines.Where(line => Text(line, "@m").Contains(order, StringComparison.Ordinal)), line => Assert.True(IsOf(line, order), $"{line}"));

        // Each service has logged the order, and all lines of inventory have one trace id.
        var ofOrder = ofWork.Where(line => IsOf(line, order)).ToList();
        Assert.Equal(["gateway", "inventory", "notification", "order"], ofOrder.Select(line => Text(line, "Service")).Distinct().Order());
        Assert.Single(ofOrder.Where(line => Text(line, "Service") == "inventory").Select(line => Text(line, "@tr")).Distinct());
    }

    private static bool IsOf(JsonElement line, string order) => Text(line, "OrderId") == order || Text(line, "Key") == order;

    private static bool IsBackground(JsonElement line) => Background.Contains(Text(line, "SourceContext").Split('.')[^1]);

    private static string Text(JsonElement line, string field) => line.TryGetProperty(field, out var value) ? $"{value}" : "";
}
