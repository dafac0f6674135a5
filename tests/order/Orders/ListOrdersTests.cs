using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;
using DaprOrders.Testing;

namespace DaprOrders.OrderService.Tests.Orders;

public sealed class ListOrdersTests(OrderServiceFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Orders_are_listed_newest_first_with_the_same_fields_as_single_orders()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        var first = await PlaceOrderTests.PlaceAsync(client, "item-1");
        var second = await PlaceOrderTests.PlaceAsync(client, "item-2");

        var list = await client.GetStringAsync(new Uri("/orders", UriKind.Relative), Cancel);

        var orders = await Task.WhenAll(new[] { second, first }.Select(id => client.GetStringAsync(new Uri($"/orders/{id}", UriKind.Relative), Cancel)));
        Assert.Equal($$"""{"items":[{{orders[0]}},{{orders[1]}}],"next":null}""", list);
    }

    [Fact]
    public async Task List_without_orders_is_empty()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        Assert.Equal("""{"items":[],"next":null}""", await client.GetStringAsync(new Uri("/orders", UriKind.Relative), Cancel));
    }

    [Theory]
    [InlineData("", 50)]
    [InlineData("?limit=1", 1)]
    [InlineData("?limit=200", 200)]
    public async Task Page_has_the_requested_number_of_orders_or_50(string query, int count)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await InsertAsync(host, 201);

        var page = await GetAsync(client, $"/orders{query}");

        Assert.Equal(count, page.GetProperty("items").GetArrayLength());
        Assert.Matches("^[A-Za-z0-9_-]{32}$", page.GetProperty("next").GetString());
    }

    [Fact]
    public async Task Last_page_has_no_next_even_if_it_is_full()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await InsertAsync(host, 4);

        var pages = await PagesAsync(client, "/orders?limit=2", () => Task.CompletedTask);

        Assert.Equal([2, 2], pages.Select(page => page.Count));
    }

    [Theory]
    [InlineData("")]
    [InlineData("&status=pending")]
    public async Task Every_order_is_listed_once_while_new_orders_are_placed(string filter)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await InsertAsync(host, 25, sameTime: true);
        await InsertAsync(host, 25);
        var expected = await IdsAsync(host);

        var pages = await PagesAsync(client, $"/orders?limit=7{filter}", () => PlaceOrderTests.PlaceAsync(client));

        var listed = pages.SelectMany(page => page).ToList();
        Assert.Equal(expected, listed);
    }

    [Theory]
    [InlineData("pending", 3)]
    [InlineData("confirmed", 2)]
    [InlineData("rejected", 1)]
    public async Task List_of_one_status_has_only_orders_of_that_status(string status, int count)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await InsertAsync(host, 3);
        await InsertAsync(host, 2, "confirmed");
        await InsertAsync(host, 1, "rejected");

        var pages = await PagesAsync(client, $"/orders?limit=2&status={status}", () => Task.CompletedTask);

        Assert.Equal(count, pages.Sum(page => page.Count));
        var items = (await GetAsync(client, $"/orders?status={status}")).GetProperty("items").EnumerateArray();
        Assert.All(items, order => Assert.Equal(status, order.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Cursor_of_an_earlier_version_continues_the_list()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await host.ExecuteAsync(
            """
            INSERT INTO orders (id, item_id, quantity, status, created_at, next_sweep_at, sweeps)
            SELECT id::uuid, 'item-1', 1, 'pending', '2026-11-23T08:20:07Z', now() + interval '1 day', 0
            FROM unnest(ARRAY['0199b0c2-7e2a-7c3e-9d1f-2b8fa65a4d3d', '0199b0c2-7e2a-7c3e-9d1f-2b8fa65a4d3e', '0199b0c2-7e2a-7c3e-9d1f-2b8fa65a4d3f']) id
            """);

        var page = await GetAsync(client, "/orders?cursor=CN9JOpWADdoBmbDCfip8Pp0fK4-mWk0-"); // the second of these orders

        Assert.Equal("0199b0c2-7e2a-7c3e-9d1f-2b8fa65a4d3d", Assert.Single(page.GetProperty("items").EnumerateArray()).GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("", "ix_orders_owner_id")]
    [InlineData("&status=confirmed", "ix_orders_owner_id")]
    [InlineData("&status=pending", "ix_orders_pending")]
    [InlineData("&status=rejected", "ix_orders_rejected")]
    public async Task List_is_read_from_the_index_of_its_status(string filter, string index)
    {
        await using var host = await fixture.StartAsync(("Sweep:Interval", "00:10:00"));
        using var client = host.CreateClient();
        await InsertAsync(host, 5000, "confirmed");
        await InsertAsync(host, 500, "rejected");
        await InsertAsync(host, 500);
        await host.ExecuteAsync("ANALYZE orders");
        var scans = $"SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = '{index}'";
        var before = await host.QueryAsync<long>(scans);

        await GetAsync(client, $"/orders?limit=10{filter}");

        await Wait.UntilAsync($"a scan of {index}", async () => await host.QueryAsync<long>(scans) > before);
    }

    [Theory]
    [InlineData("", "ix_orders_owner_id")]
    [InlineData("status = 'pending' AND", "ix_orders_pending")]
    [InlineData("status = 'rejected' AND", "ix_orders_rejected")]
    public async Task Page_is_read_from_an_index_starting_at_its_cursor(string filter, string index)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();
        await InsertAsync(host, 5000, "confirmed");
        await InsertAsync(host, 500, "rejected");
        await InsertAsync(host, 500);
        await host.ExecuteAsync("ANALYZE orders");

        var plan = await host.QueryAsync<string>(
            $"""
            EXPLAIN (FORMAT JSON) SELECT * FROM orders
            WHERE owner = '' AND {filter} id < 'ffffffff-7e2a-7c3e-9d1f-2b8f6a5c4d3e' ORDER BY id DESC LIMIT 51
            """);

        var scan = JsonDocument.Parse(plan).RootElement[0].GetProperty("Plan").GetProperty("Plans")[0];
        Assert.Equal("Index Scan", scan.GetProperty("Node Type").GetString());
        Assert.Equal(index, scan.GetProperty("Index Name").GetString());
        Assert.Contains("id <", scan.GetProperty("Index Cond").GetString(), StringComparison.Ordinal);
        Assert.False(scan.TryGetProperty("Filter", out _));
    }

    private static Task<JsonElement> GetAsync(HttpClient client, string path) => client.GetFromJsonAsync<JsonElement>(path, Cancel);

    private static async Task<List<List<string>>> PagesAsync(HttpClient client, string path, Func<Task> between)
    {
        List<List<string>> pages = [];
        for (string? next = ""; next is not null; await between())
        {
            var page = await GetAsync(client, path + (next is "" ? "" : $"&cursor={next}"));
            pages.Add([.. page.GetProperty("items").EnumerateArray().Select(order => order.GetProperty("id").GetString()!)]);
            next = page.GetProperty("next").GetString();
            Assert.True(pages.Count < 100, "The list does not end.");
        }

        return pages;
    }

    private static Task InsertAsync(ServiceHost<Program> host, int count, string status = "pending", bool sameTime = false) => host.ExecuteAsync(
        $"""
        INSERT INTO orders (id, item_id, quantity, status, created_at, next_sweep_at, sweeps)
        SELECT
          (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid,
          'item-1', 1, '{status}', at, now() + interval '1 day', 0
        FROM generate_series(1, {count}) n, LATERAL (SELECT now() - n * interval '{(sameTime ? 0 : 1)} ms' AS at) created
        """);

    private static async Task<string[]> IdsAsync(ServiceHost<Program> host) =>
        (await host.QueryAsync<string>("SELECT string_agg(id::text, ',' ORDER BY id DESC) FROM orders")).Split(',');
}
