using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Observability;

/// <summary>Runs the system with its metrics and a real Prometheus, and causes each event that the dashboard and the alerts show.</summary>
[Trait("Form", "observability")]
public sealed class ScrapeTests : IAsyncLifetime
{
    private const string PublishFailures = "messaging_client_sent_messages_total{error_type!=\"\"}";
    private const string Redelivered = "messaging_redelivered_messages_total";

    /// <summary>The limit is high because each round waits for several scrapes, and the first health report takes half a minute.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private readonly StackHost _stack = new(
        new StackOptions { Environment = new Dictionary<string, string> { ["Metrics__Prometheus"] = "true" } },
        StackSettings.FromEnvironment() with { Runtime = RuntimeKind.Emulator, Attached = null });

    private PrometheusHost? _prometheus;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private EmulatorRuntime Emulator => (EmulatorRuntime)_stack.Runtime;

    private PrometheusHost Prometheus => _prometheus!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_prometheus is not null)
        {
            await _prometheus.DisposeAsync();
        }

        await _stack.DisposeAsync();
    }

    [Fact(Explicit = true)]
    public async Task Every_query_of_the_dashboard_and_the_alerts_returns_data()
    {
        await _stack.StartAsync();
        _prometheus = await PrometheusHost.StartAsync(_stack);
        var queries = ObservabilityFiles.DashboardQueries();
        var selectors = ObservabilityFiles.AlertSelectors();
        Assert.NotEmpty(queries);
        Assert.NotEmpty(selectors);

        // A rate needs an increase between two scrapes, so everything happens at least twice.
        List<string> missing = [];
        var started = TimeProvider.System.GetTimestamp();
        do
        {
            await CauseEverythingAsync();
            missing = [.. await MissingQueriesAsync(queries), .. await MissingSelectorsAsync(selectors)];
        }
        while (missing.Count > 0 && TimeProvider.System.GetElapsedTime(started) < Limit);

        Assert.True(missing.Count == 0, string.Join('\n', missing));
        var (metric, label) = ObservabilityFiles.ServiceVariable();
        Assert.Equal(["gateway", "inventory", "notification", "order"], await Prometheus.LabelValuesAsync(metric, label));
        await Wait.UntilAsync(
            "the alert of the dead letters", () => Prometheus.HasSeriesAsync("ALERTS{alertname=\"DeadLettersStored\", alertstate=\"firing\", job=\"inventory\"}"));
    }

    private async Task<IEnumerable<string>> MissingQueriesAsync(IReadOnlyList<PanelQuery> queries)
    {
        var missing = new List<string>();
        foreach (var query in queries)
        {
            var samples = await Prometheus.QueryAsync(query.Query);
            if (samples.Count == 0)
            {
                missing.Add($"{query} returns no data");
            }
            else
            {
                missing.AddRange(query.Labels.Where(label => samples.Any(sample => !sample.Labels.ContainsKey(label))).Select(label => $"{query} has no label {label}"));
            }
        }

        return missing;
    }

    private async Task<IEnumerable<string>> MissingSelectorsAsync(IReadOnlyList<string> selectors)
    {
        var missing = new List<string>();
        foreach (var selector in selectors)
        {
            if (!await Prometheus.HasSeriesAsync(selector))
            {
                missing.Add($"alerts.yml: no series matches {selector}");
            }
        }

        return missing;
    }

    /// <summary>Causes confirmed and rejected orders, a dead letter, events that cannot be published or handled, and responses with a 5xx status.</summary>
    private async Task CauseEverythingAsync()
    {
        var (confirmed, rejected) = (await PlaceAsync("item-123"), await PlaceAsync("no-such-item"));
        await UntilSettledAsync(confirmed, "confirmed");
        await UntilSettledAsync(rejected, "rejected");
        await _stack.QueryAsync("orders_db", "INSERT INTO outbox (id, topic, key, data) VALUES (gen_random_uuid(), 'order.created', 'malformed', '{}')");
        await UntilItIncreasesAsync("messaging_dead_lettered_messages_total", () => Task.CompletedTask);
        await FailToPublishAsync();
        await FailToHandleAsync();
    }

    private async Task FailToPublishAsync()
    {
        var id = "";
        await Emulator.SuspendBrokerAsync("order");
        try
        {
            await UntilItIncreasesAsync(PublishFailures, async () => id = await PlaceAsync("item-123"));
        }
        finally
        {
            await Emulator.ResumeBrokerAsync("order");
        }

        await UntilSettledAsync(id, "confirmed");
    }

    private async Task FailToHandleAsync()
    {
        var id = "";
        await _stack.QueryAsync("inventory_db", "ALTER TABLE stock RENAME TO stock_unavailable", "postgres");
        try
        {
            await UntilItIncreasesAsync(Redelivered, async () =>
            {
                id = await PlaceAsync("item-123");
                using var response = await _stack.Gateway.GetAsync(new Uri("/inventory/item-123", UriKind.Relative), Cancel);
                Assert.True(response.StatusCode >= HttpStatusCode.InternalServerError, $"{response.StatusCode}");
            });
        }
        finally
        {
            await _stack.QueryAsync("inventory_db", "ALTER TABLE stock_unavailable RENAME TO stock", "postgres");
        }

        await UntilSettledAsync(id, "confirmed");
    }

    /// <summary>Waits until Prometheus has scraped a higher value of a counter than before the action.</summary>
    private async Task UntilItIncreasesAsync(string counter, Func<Task> action)
    {
        var before = await SumAsync(counter);
        await action();
        await Wait.UntilAsync($"an increase of {counter}", async () => await SumAsync(counter) > before);
    }

    private async Task<double> SumAsync(string counter) => (await Prometheus.QueryAsync($"sum({counter})")).Select(sample => sample.Value).SingleOrDefault();

    /// <summary>Places an order. Retries with the same key while the system is too busy.</summary>
    private async Task<string> PlaceAsync(string item)
    {
        var (id, key) = ("", Guid.NewGuid().ToString());
        await Wait.UntilAsync($"an order for {item}", async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Headers = { { "Idempotency-Key", key } }, Content = JsonContent.Create(new { item_id = item, quantity = 1 }) };
            using var response = await _stack.Gateway.SendAsync(request, Cancel);
            id = response.IsSuccessStatusCode ? (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("id").GetString()! : "";
            return id.Length > 0;
        });
        return id;
    }

    private Task UntilSettledAsync(string id, string status) => Wait.UntilAsync($"order {id} to be {status}", async () =>
    {
        using var response = await _stack.Gateway.GetAsync(new Uri($"/orders/{id}?wait=10s", UriKind.Relative), Cancel);
        return response.IsSuccessStatusCode && (await response.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("status").GetString() == status;
    });
}
