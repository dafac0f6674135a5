using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Testing;

namespace DaprOrders.OrderService.Tests.Orders;

public sealed class PlacementLimitTests(OrderServiceFixture fixture)
{
    private const int Transactions = 10;
    private const int Waiting = 512;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_requests_place_orders_while_512_wait_and_the_next_gets_503()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);

        var requests = Enumerable.Range(0, Transactions + Waiting + 1).Select(_ => PostAsync(client)).ToList();
        await commits.UntilHeldAsync(Transactions);
        var rejected = await Task.WhenAny(requests).WaitAsync(Cancel);
        var blocked = await CountBlockedAsync(host);
        requests.Remove(rejected);
        await commits.ReleaseAsync();
        var admitted = await Task.WhenAll(requests);

        using var response = await rejected;
        await AssertUnavailableAsync(response);
        Assert.Equal(Transactions, blocked);
        Assert.All(admitted, placed => Assert.Equal(HttpStatusCode.Created, placed.StatusCode));
        Assert.Equal(Transactions + Waiting, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    [Fact]
    public async Task Batches_share_the_limit_with_single_orders()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);
        var single = Enumerable.Range(0, Transactions + Waiting).Select(_ => PostAsync(client)).ToList();
        await commits.UntilHeldAsync(Transactions);

        // The batch may arrive before the last single order. Then a single order is rejected instead.
        var batch = PlaceOrdersTests.PostBatchAsync(client);
        using var rejected = await await Task.WhenAny(single.Append(batch)).WaitAsync(Cancel);
        await commits.ReleaseAsync();
        var statuses = (await Task.WhenAll(single.Append(batch))).Select(response => (int)response.StatusCode);

        await AssertUnavailableAsync(rejected);
        Assert.Equal(1, statuses.Count(status => status == 503));
    }

    [Fact]
    public async Task Reading_does_not_wait_for_requests_that_place_orders()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await using var commits = await HeldCommits.HoldAsync(host);
        var waiting = Enumerable.Range(0, Transactions + 1).Select(_ => PostAsync(client)).ToList();
        await commits.UntilHeldAsync(Transactions);

        using var list = await client.GetAsync(new Uri("/orders", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.OK, list.StatusCode);
        Assert.DoesNotContain(waiting, request => request.IsCompleted);
        await commits.ReleaseAsync();
        await Task.WhenAll(waiting);
    }

    private static Task<long> CountBlockedAsync(ServiceHost<Program> host) => host.QueryAsync<long>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name <> 'outbox relay'");

    private static async Task AssertUnavailableAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("1", Assert.Single(response.Headers.GetValues("Retry-After")));
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal("Service unavailable", problem.GetProperty("title").GetString());
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client) =>
        client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);
}
