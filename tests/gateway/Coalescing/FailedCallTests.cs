using System.Net;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.Gateway.Tests.Coalescing;

/// <summary>Tests calls that fail, that take long, or whose clients disconnect.</summary>
public sealed class FailedCallTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Overload_is_retried_as_one_call_for_all_orders()
    {
        var time = new FakeTimeProvider();
        await using var gateway = new CoalescingGateway(time);
        var requests = await gateway.QueueManyAsync(20);
        gateway.Orders.Respond = call => call.IsGroup ? StubbedCall.Problem(503) : call.Placed();

        await gateway.ReleaseAsync();
        await CoalescingGateway.AdvanceUntilAsync(time, () => requests.All(request => request.IsCompleted));

        foreach (var request in requests)
        {
            using var response = await request;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Contains("may have been processed", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        Assert.InRange(gateway.Orders.Paths.Count(path => path == "orders/group"), 3, 60); // as many as the attempts at a single order
        Assert.Equal(2, gateway.Orders.Paths.Count(path => path == "orders")); // the two that the others waited for
        Assert.All(gateway.Orders.Calls.Where(call => call.IsGroup), call => Assert.Equal(20, call.Orders.Count));
    }

    [Fact]
    public async Task Unknown_outcome_is_retried_as_the_same_group_with_the_same_keys()
    {
        var time = new FakeTimeProvider();
        await using var gateway = new CoalescingGateway(time);
        var requests = await gateway.QueueManyAsync(3);

        await gateway.ReleaseAsync();
        var lost = await gateway.Orders.NextAsync();
        lost.Response.SetException(new HttpRequestException("the connection ended"));
        await CoalescingGateway.AdvanceUntilAsync(time, () => gateway.Orders.HasNext);
        var retried = await gateway.Orders.NextAsync();
        retried.Response.SetResult(retried.Placed(isReplayed: true));

        Assert.True(retried.IsGroup);
        Assert.Equal(lost.Text, retried.Text);
        foreach (var request in requests)
        {
            using var response = await request;
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            Assert.False(response.Headers.Contains("Idempotency-Replayed")); // the clients sent no keys
        }
    }

    [Fact]
    public async Task Refused_group_is_sent_in_halves_down_to_single_orders()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        var requests = await gateway.QueueManyAsync(8, index => index == 5 ? "poison" : $"item-{index}");
        gateway.Orders.Respond = call => call.Orders.Any(order => (string?)order["item_id"] == "poison") ? StubbedCall.Problem(500, "internal-error") : call.Placed();

        await gateway.ReleaseAsync();
        var responses = await Task.WhenAll(requests);

        Assert.Equal([8, 4, 4, 2, 2, 1, 1], gateway.Orders.Calls.Where(call => !call.Keys.First().StartsWith("first-", StringComparison.Ordinal)).Select(call => call.Orders.Count).OrderDescending());
        Assert.All(responses, (response, index) => Assert.Equal(index == 5 ? HttpStatusCode.BadGateway : HttpStatusCode.Created, response.StatusCode));
    }

    [Theory]
    [InlineData(404, "application/problem+json")]
    [InlineData(405, "application/problem+json")]
    [InlineData(404, "text/plain")]
    [InlineData(405, "text/plain")]
    public async Task Without_the_group_route_orders_are_sent_alone_for_a_minute(int status, string type)
    {
        var time = new FakeTimeProvider();
        await using var gateway = new CoalescingGateway(time);
        var requests = await gateway.QueueManyAsync(5);
        gateway.Orders.Respond = call => call.IsGroup ? StubbedCall.Json((HttpStatusCode)status, "{}", type) : null;

        await gateway.ReleaseAsync();
        var alone = new List<StubbedCall>();
        while (alone.Count < 5)
        {
            alone.Add(await gateway.Orders.NextAsync());
        }

        alone.ForEach(call => call.Place());
        Assert.All(await Task.WhenAll(requests), response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
        Assert.Single(gateway.Orders.Paths, path => path == "orders/group");

        time.Advance(TimeSpan.FromSeconds(59));
        foreach (var (request, call) in await gateway.OccupyAsync(4)) // at the same time, and none waits
        {
            call.Place();
            using var response = await request;
        }

        time.Advance(TimeSpan.FromSeconds(1));
        var more = await gateway.QueueManyAsync(2);
        gateway.Orders.Respond = call => call.Placed();
        await gateway.ReleaseAsync();

        Assert.All(await Task.WhenAll(more), response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
        Assert.Equal(2, gateway.Orders.Paths.Count(path => path == "orders/group"));
    }

    [Theory]
    [InlineData("""{"status":422}""")]
    [InlineData("""{"status":500}""")]
    [InlineData("""{"status":201}""")]
    [InlineData("""{"status":201,"order":null}""")]
    [InlineData("""{"status":201,"order":{"id":"0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e","item_id":"item-9","quantity":1}}""")]
    [InlineData("""{"status":201,"order":{"id":"0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e","item_id":"item-1","quantity":2}}""")]
    [InlineData("""{"status":201,"order":{"id":7,"item_id":"item-1","quantity":1}}""")]
    [InlineData("null")]
    public async Task Order_that_its_group_did_not_place_is_sent_alone_with_its_key(string result)
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        var first = await gateway.OccupyAsync();
        var requests = new[] { await gateway.QueueAsync(key: "a"), await gateway.QueueAsync(key: "b") };

        first[0].Call.Place();
        var group = await gateway.Orders.NextAsync();
        group.Response.SetResult(StubbedCall.Json(HttpStatusCode.OK, $$"""{"results":[{{result}},{{StubbedCall.Result(201, StubbedCall.View(group.Orders[1], "b"))}}]}"""));
        var alone = await gateway.Orders.NextAsync();
        alone.Response.SetResult(StubbedCall.Problem(422, "idempotency-key-reused"));
        using var refused = await requests[0];
        using var placed = await requests[1];

        Assert.Equal("orders", alone.Path);
        Assert.Equal(["a"], alone.Keys);
        Assert.Equal(await StubbedCall.Problem(422, "idempotency-key-reused").Content.ReadAsStringAsync(Cancel), await refused.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("application/problem+json", $"{refused.Content.Headers.ContentType}");
        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"results":{}}""")]
    [InlineData("""{"results":[]}""")]
    public async Task Response_without_a_result_for_each_order_is_a_refusal(string body)
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        var requests = await gateway.QueueManyAsync(2);
        gateway.Orders.Respond = call => call.IsGroup ? StubbedCall.Json(HttpStatusCode.OK, body) : call.Placed();

        await gateway.ReleaseAsync();

        Assert.All(await Task.WhenAll(requests), response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
        Assert.Equal(["orders", "orders", "orders/group", "orders", "orders"], gateway.Orders.Paths);
    }

    [Fact]
    public async Task Client_that_disconnects_while_it_waits_is_not_in_the_group()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        var first = await gateway.OccupyAsync();
        using var disconnect = new CancellationTokenSource();
        var gone = await gateway.QueueAsync(key: "gone", disconnect: disconnect);
        await gateway.QueueAsync(key: "a");
        await gateway.QueueAsync(key: "b");

        await disconnect.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        await gateway.UntilWaitingAsync(2);
        first[0].Call.Place();

        Assert.Equal(["a", "b"], (await gateway.Orders.NextAsync()).Keys);
    }

    [Fact]
    public async Task Client_that_disconnects_after_its_order_was_sent_does_not_affect_the_others()
    {
        await using var gateway = new CoalescingGateway(new FakeTimeProvider());
        var first = await gateway.OccupyAsync();
        using var disconnect = new CancellationTokenSource();
        var gone = await gateway.QueueAsync(key: "gone", disconnect: disconnect);
        var other = await gateway.QueueAsync(key: "a");
        first[0].Call.Place();
        var group = await gateway.Orders.NextAsync();

        await disconnect.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        group.Place();
        using var response = await other;

        Assert.Equal(["gone", "a"], group.Keys);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task Old_calls_do_not_block_new_orders_until_there_are_eight()
    {
        var time = new FakeTimeProvider();
        await using var gateway = new CoalescingGateway(time);
        var calls = (await gateway.OccupyAsync()).Select(one => one.Call).ToList();
        while (calls.Count < 8)
        {
            await gateway.QueueAsync();
            time.Advance(TimeSpan.FromMilliseconds(240));
            Assert.Equal(calls.Count, gateway.Orders.Calls.Count);

            time.Advance(TimeSpan.FromMilliseconds(10));
            calls.Add(await gateway.Orders.NextAsync());
            _ = gateway.PostAsync(); // the second new call
            calls.Add(await gateway.Orders.NextAsync());
        }

        await gateway.QueueAsync();
        time.Advance(TimeSpan.FromMilliseconds(300));
        Assert.Equal(8, gateway.Orders.Calls.Count);

        calls[0].Place();
        await gateway.Orders.NextAsync();
    }
}
