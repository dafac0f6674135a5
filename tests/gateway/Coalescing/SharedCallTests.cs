using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using DaprOrders.Gateway.Coalescing;
using DaprOrders.Gateway.Tests.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.Gateway.Tests.Coalescing;

/// <summary>Tests which requests share a call, when the call is sent, and what each client gets.</summary>
public sealed class SharedCallTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> OtherBodies =>
    [
        "", "{}", "[]", "17", "null", "\"x\"", "{", "{\"item_id\":\"item-1\",\"quantity\":1}}", "{\"item_id\":\"item-1\",\"quantity\":1}1", "{\"item_id\":\"item-1\"}", "{\"quantity\":1}",
        "{\"item_id\":\"\",\"quantity\":1}", "{\"item_id\":null,\"quantity\":1}", "{\"item_id\":7,\"quantity\":1}", "{\"item_id\":\"-a\",\"quantity\":1}", "{\"item_id\":\"a b\",\"quantity\":1}",
        "{\"item_id\":\"\u00e9\",\"quantity\":1}", "{\"item_id\":\"item\\u002d1\",\"quantity\":1}", $"{{\"item_id\":\"{new string('a', 65)}\",\"quantity\":1}}",
        "{\"item_id\":\"item-1\",\"quantity\":0}", "{\"item_id\":\"item-1\",\"quantity\":1001}", "{\"item_id\":\"item-1\",\"quantity\":1.0}", "{\"item_id\":\"item-1\",\"quantity\":\"1\"}",
        "{\"item_id\":\"item-1\",\"quantity\":99999999999}", "{\"item_id\":\"item-1\",\"item_id\":\"item-2\",\"quantity\":1}", "{\"item_id\":\"item-1\",\"quantity\":1,\"quantity\":2}",
        "{\"item_id\":\"item-1\",\"quantity\":1,\"color\":\"red\"}", "{\"Item_id\":\"item-1\",\"quantity\":1}", "{\"item_id\":{},\"quantity\":1}", "{\"item_id\":\"item-1\",\"quantity\":[1]}",
        "/* */{\"item_id\":\"item-1\",\"quantity\":1}", "{\"item_id\":\"item-1\",\"quantity\":1,}", $"{{\"item_id\":\"item-1\",\"quantity\":1}}{new string(' ', 16 << 10)}",
    ];

    [Fact]
    public async Task Lone_request_takes_the_single_route_at_once()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        gateway.Orders.Respond = call => call.Placed();

        for (var i = 0; i < 3; i++)
        {
            using var response = await gateway.PostAsync();
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        }

        Assert.Equal(["orders", "orders", "orders"], gateway.Orders.Paths);
    }

    [Fact]
    public async Task Requests_that_wait_for_two_calls_share_the_next_one()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        var first = await gateway.OccupyAsync();
        var waiting = new List<Task<HttpResponseMessage>>();
        for (var i = 0; i < 5; i++)
        {
            waiting.Add(await gateway.QueueAsync($$"""{"item_id":"item-{{i}}","quantity":{{i + 1}}}""", $"key-{i}"));
        }

        first[0].Call.Place();
        var group = await gateway.Orders.NextAsync();
        group.Place();

        Assert.True(group.IsGroup);
        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"key-{i}"), group.Keys);
        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"item-{i}"), group.Orders.Select(order => (string)order["item_id"]!));
        Assert.Equal(Enumerable.Range(1, 5), group.Orders.Select(order => (int)order["quantity"]!));
        for (var i = 0; i < 5; i++)
        {
            using var response = await waiting[i];
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            Assert.Equal($"/orders/{StubbedCall.IdOf($"key-{i}")}", response.Headers.Location?.ToString());
            Assert.Equal(StubbedCall.View(group.Orders[i], $"key-{i}"), await response.Content.ReadAsStringAsync(Cancel));
        }

        first[1].Call.Place();
    }

    [Fact]
    public async Task Group_carries_the_owner_of_each_order()
    {
        using var issuer = new TestIssuer();
        await using var gateway = new CoalescingGateway(new FakeTimeProvider(), [.. issuer.Settings, ("environment", "Production")]);
        var alice = ("Authorization", $"Bearer {issuer.Issue(change: token => token.Claims["sub"] = "alice")}");
        var bob = ("Authorization", $"Bearer {issuer.Issue(change: token => token.Claims["sub"] = "bob")}");
        _ = gateway.PostAsync(headers: [alice]);
        var first = await gateway.Orders.NextAsync();
        _ = gateway.PostAsync(headers: [alice]);
        await gateway.Orders.NextAsync();
        await gateway.QueueAsync(headers: [bob, ("DaprOrders-Owner", "mallory")]);
        await gateway.QueueAsync(headers: [alice]);

        first.Place();
        var group = await gateway.Orders.NextAsync();

        Assert.Equal(["bob", "alice"], group.Orders.Select(order => (string?)order["owner"]));
        Assert.Equal("bob", group.Headers["DaprOrders-Owner"]); // so that the order service checks the caller
    }

    [Fact]
    public async Task Without_authentication_a_group_has_no_owners()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        await gateway.QueueManyAsync(2);

        await gateway.ReleaseAsync();
        var group = await gateway.Orders.NextAsync();

        Assert.All(group.Orders, order => Assert.Null(order["owner"]));
        Assert.False(group.Headers.ContainsKey("DaprOrders-Owner"));
    }

    [Fact]
    public async Task Group_carries_the_trace_of_each_order_and_its_span_is_linked_to_them()
    {
        var links = new ConcurrentQueue<ActivityTraceId>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "DaprOrders.Gateway",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = span =>
            {
                foreach (var link in span.Links)
                {
                    links.Enqueue(link.Context.TraceId);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        var first = await gateway.OccupyAsync();
        var traces = Enumerable.Range(0, 2).Select(_ => ActivityTraceId.CreateRandom()).ToList();
        foreach (var trace in traces)
        {
            await gateway.QueueAsync(headers: [("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01")]);
        }

        first[0].Call.Place();
        var group = await gateway.Orders.NextAsync();

        Assert.Equal(traces.Select(trace => $"{trace}"), group.Orders.Select(order => ((string)order["traceparent"]!).Split('-')[1]));
        Assert.Superset(traces.ToHashSet(), links.ToHashSet());
    }

    [Fact]
    public async Task Group_has_the_token_of_the_sidecar()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider(), ("DAPR_API_TOKEN", "secret"));
        await gateway.QueueManyAsync(2);

        await gateway.ReleaseAsync();

        Assert.Equal("secret", (await gateway.Orders.NextAsync()).Headers["dapr-api-token"]);
    }

    [Fact]
    public async Task Single_request_that_waits_takes_the_single_route()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        var first = await gateway.OccupyAsync();
        var waiting = await gateway.QueueAsync(key: "key");

        first[0].Call.Place();
        var call = await gateway.Orders.NextAsync();
        call.Place();

        Assert.Equal("orders", call.Path);
        Assert.Equal(["key"], call.Keys);
        using var response = await waiting;
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData("my-key", false)]
    [InlineData("my-key", true)]
    public async Task Response_to_a_shared_call_is_the_same_as_to_a_single_one(string? key, bool isReplayed)
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        gateway.Orders.Respond = call => call.Placed(isReplayed);
        using var single = await gateway.PostAsync(key: key);
        gateway.Orders.Respond = _ => null;
        var first = await gateway.OccupyAsync();
        var waiting = await gateway.QueueAsync(key: key);
        await gateway.QueueAsync();

        first[0].Call.Place();
        var group = await gateway.Orders.NextAsync();
        group.Response.SetResult(group.Placed(isReplayed));
        using var shared = await waiting;

        Assert.True(group.IsGroup);
        Assert.Equal(await DescribeAsync(single), await DescribeAsync(shared));
        Assert.Equal(key is not null && isReplayed, shared.Headers.Contains("Idempotency-Replayed"));
    }

    [Fact]
    public async Task Call_carries_at_most_128_orders_and_256_KiB()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        var first = await gateway.OccupyAsync();
        var longest = new string('"', 255); // with an escape for each character
        var requests = Enumerable.Range(0, 300).Select(_ => gateway.PostAsync(key: longest)).ToList();
        await gateway.UntilWaitingAsync(300);

        var sizes = new List<int>();
        first[0].Call.Place();
        while (sizes.Sum() < 300)
        {
            var group = await gateway.Orders.NextAsync();
            Assert.InRange(group.Text.Length, 1, 256 << 10);
            sizes.Add(group.Orders.Count);
            group.Place();
        }

        Assert.Equal([128, 128, 44], sizes);
        foreach (var request in requests)
        {
            using var response = await request;
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        }
    }

    [Theory]
    [MemberData(nameof(OtherBodies))]
    public async Task Body_that_is_no_plain_order_is_sent_alone_without_waiting(string body)
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        var first = await gateway.OccupyAsync();

        var posted = gateway.PostAsync(body, "key");
        var call = await gateway.Orders.NextAsync();
        call.Response.SetResult(StubbedCall.Problem(400));
        using var response = await posted;

        Assert.Equal(("orders", body), (call.Path, call.Text));
        Assert.Equal(["key"], call.Keys);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        first[0].Call.Place();
        first[1].Call.Place();
    }

    [Fact]
    public async Task Setting_turns_it_off()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider(), ("Coalescing:Enabled", "false"));

        var first = await gateway.OccupyAsync(10);

        Assert.All(first, one => Assert.Equal("orders", one.Call.Path));
        foreach (var (request, call) in first)
        {
            call.Place();
            using var response = await request;
        }
    }

    [Fact]
    public void Setting_that_is_not_true_or_false_prevents_the_start()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection([new("Coalescing:Enabled", "maybe")]);
        builder.AddCoalescing();
        using var provider = builder.Services.BuildServiceProvider();

        var error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());

        Assert.Equal("Coalescing:Enabled must be true or false.", error.Message);
    }

    [Fact]
    public async Task Orders_per_call_are_a_metric()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        using var orders = new MetricCollector<int>(gateway.Services.GetRequiredService<IMeterFactory>(), "DaprOrders.Gateway", "dapr_orders.coalescing.orders");
        var first = await gateway.OccupyAsync();
        await gateway.QueueAsync();
        await gateway.QueueAsync();
        await gateway.QueueAsync();

        first[0].Call.Place();
        await gateway.Orders.NextAsync();

        Assert.Equal([1, 1, 3], orders.GetMeasurementSnapshot().Select(measurement => measurement.Value));
    }

    private static async Task<string> DescribeAsync(HttpResponseMessage response)
    {
        var key = response.Headers.GetValues("Idempotency-Key").Single();
        var headers = response.Headers.Concat(response.Content.Headers).Where(header => header.Key != "Date")
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}").Order();
        return $"{(int)response.StatusCode}\n{string.Join('\n', headers)}\n\n{await response.Content.ReadAsStringAsync(Cancel)}"
            .Replace($"{StubbedCall.IdOf(key)}", "(id)", StringComparison.Ordinal).Replace(key, "(key)", StringComparison.Ordinal);
    }
}
