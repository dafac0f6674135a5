using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using DaprOrders.Gateway.Coalescing;
using DaprOrders.Gateway.Invocation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.Gateway.Tests.Coalescing;

/// <summary>Tests orders that wait for long, without the timeouts of the calls that they wait for.</summary>
public sealed class WaitingTimeTests : IDisposable
{
    private const int MaxWaiting = 64 * 128;

    private readonly FakeTimeProvider _time = new();
    private readonly OrderServiceStub _orders = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly OrderQueue _queue;
    private readonly HttpMessageInvoker _client;

    public WaitingTimeTests()
    {
        var metrics = new CoalescingMetrics(_services.GetRequiredService<IMeterFactory>());
        _queue = new OrderQueue(new GroupSender(metrics, NullLogger<GroupSender>.Instance), metrics, _time);
        _client = new HttpMessageInvoker(new CoalescingHandler(_queue, _time) { InnerHandler = _orders });
    }

    public void Dispose()
    {
        _orders.Release();
        _client.Dispose();
        _queue.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task Order_that_is_not_sent_in_time_fails_as_not_sent_after_eight_seconds()
    {
        await OccupyAllCallsAsync();
        var waiting = PostAsync("waiting");

        _time.Advance(TimeSpan.FromSeconds(7.9));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        var failure = (await Assert.ThrowsAsync<UpstreamException>(() => waiting)).Failure;

        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (failure.Status, failure.DidNotRun));
        Assert.DoesNotContain(_orders.Calls, call => call.Keys.Contains("waiting"));
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public async Task Order_without_enough_time_is_not_sent()
    {
        await OccupyAllCallsAsync();
        var waiting = PostAsync("waiting");

        _time.Advance(TimeSpan.FromSeconds(7.96));
        _orders.Calls[0].Place();
        var failure = (await Assert.ThrowsAsync<UpstreamException>(() => waiting)).Failure;

        Assert.True(failure.DidNotRun);
        Assert.Equal(8, _orders.Calls.Count);
    }

    [Fact]
    public async Task Time_in_the_queue_counts_towards_the_eight_seconds()
    {
        await OccupyAllCallsAsync();
        var waiting = PostAsync("waiting");
        _time.Advance(TimeSpan.FromSeconds(5));
        _orders.Calls[0].Place();
        Assert.Equal(["waiting"], (await NextAsync(8)).Keys);

        Assert.Equal(TimeSpan.FromSeconds(3), _orders.Calls[8].RemainingTime);
        _orders.Calls[8].Place();
        using var response = await waiting;
    }

    [Fact]
    public async Task Each_order_of_a_group_has_its_own_deadline()
    {
        await OccupyAllCallsAsync();
        var earlier = PostAsync("earlier");
        _time.Advance(TimeSpan.FromSeconds(2));
        var later = PostAsync("later");
        _time.Advance(TimeSpan.FromSeconds(3));
        _orders.Calls[0].Place();
        var group = await NextAsync(8);
        Assert.Equal(["earlier", "later"], group.Keys);
        Assert.Equal(TimeSpan.FromSeconds(5), group.RemainingTime); // of the order that came last

        _time.Advance(TimeSpan.FromSeconds(3));
        var failure = (await Assert.ThrowsAsync<UpstreamException>(() => earlier)).Failure;
        group.Place();
        using var response = await later;

        Assert.Equal((HttpStatusCode.BadGateway, false), (failure.Status, failure.DidNotRun));
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task More_orders_than_can_be_sent_in_time_are_refused_at_once()
    {
        await OccupyAllCallsAsync();
        var waiting = Enumerable.Range(0, MaxWaiting).Select(i => PostAsync($"{i}")).ToList();
        Assert.Equal(MaxWaiting, _queue.Count);

        var failure = (await Assert.ThrowsAsync<UpstreamException>(() => PostAsync("one too many"))).Failure;

        Assert.True(failure.DidNotRun);
        Assert.DoesNotContain(waiting, request => request.IsCompleted);
    }

    private async Task OccupyAllCallsAsync()
    {
        for (var i = 0; i < 8; i++)
        {
            _ = PostAsync($"first-{i}");
            await NextAsync(i);
            _time.Advance(TimeSpan.FromMilliseconds(i % 2 == 0 ? 0 : 250));
        }

        _time.Advance(TimeSpan.FromMilliseconds(250));
    }

    /// <summary>Waits for the call with this index.</summary>
    private async Task<StubbedCall> NextAsync(int index)
    {
        await DaprOrders.Stack.Wait.UntilAsync($"call {index}", () => _orders.Calls.Count > index);
        return _orders.Calls[index];
    }

    private Task<HttpResponseMessage> PostAsync(string key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "http://order/orders");
        request.Content = new StringContent("""{"item_id":"item-1","quantity":1}""", new MediaTypeHeaderValue("application/json"));
        request.Headers.Add("Idempotency-Key", key);
        return _client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
