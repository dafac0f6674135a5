using System.Net;
using System.Net.Http.Json;
using DaprOrders.Stack;
using DaprOrders.Testing;

namespace DaprOrders.OrderService.Tests;

public sealed class DatabaseOutageTests
{
    private static readonly string InitSql = Path.Combine(Repository.Root, "postgres", "init.sql");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Service_returns_503_until_its_database_starts()
    {
        var port = FreePort.Take();
        await using var host = Host(port);
        using var client = host.CreateClient();

        using var live = await client.GetAsync(new Uri("/healthz/live", UriKind.Relative), Cancel);
        using var early = await PostAsync(client);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        await AssertUnavailableAsync(early);

        await using var cluster = await PostgresCluster.StartAsync(port);
        await cluster.RunScriptAsync(InitSql);

        await UntilCreatedAsync(client);
        Assert.NotEmpty(await host.Sidecar.PublishedAsync("order.created", 1));
    }

    [Fact]
    public async Task Order_during_a_database_outage_is_503_and_no_stored_order_is_lost()
    {
        await using var cluster = await PostgresCluster.StartAsync();
        await cluster.RunScriptAsync(InitSql);
        await using var host = Host(cluster.Port);
        using var client = host.CreateClient();
        await UntilCreatedAsync(client);

        await cluster.StopServerAsync();
        using var duringOutage = await PostAsync(client);
        await AssertUnavailableAsync(duringOutage);
        await cluster.StartServerAsync();

        await UntilCreatedAsync(client);
        Assert.Equal(2, (await host.Sidecar.PublishedAsync("order.created", 2)).Select(SidecarStub.EventId).Distinct().Count());
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM orders"));
    }

    private static async Task AssertUnavailableAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("1", Assert.Single(response.Headers.GetValues("Retry-After")));
    }

    private static Task UntilCreatedAsync(HttpClient client) => Wait.UntilAsync("an order that is placed", async () =>
    {
        using var response = await PostAsync(client);
        Assert.Contains(response.StatusCode, (HttpStatusCode[])[HttpStatusCode.Created, HttpStatusCode.ServiceUnavailable]);
        return response.StatusCode is HttpStatusCode.Created;
    });

    private static Task<HttpResponseMessage> PostAsync(HttpClient client) =>
        client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);

    /// <summary>Starts the service with the two roles of dapr.yaml.</summary>
    private static ServiceHost<Program> Host(int port)
    {
        var file = RunFile.Read(Path.Combine(Repository.Root, "dapr.yaml"));
        file.UsePostgres(port);
        var (service, owner) = file.Databases["order"];
        return new ServiceHost<Program>(
            "order", service.ConnectionString, new SidecarStub(), ("ConnectionStrings:Migrations", owner!.ConnectionString));
    }
}
