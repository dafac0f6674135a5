namespace DaprOrders.InventoryService.Tests.Stock;

public sealed class DevelopmentStockTests(InventoryServiceFixture fixture)
{
    [Fact]
    public async Task Each_start_adds_missing_items_and_leaves_the_others_unchanged()
    {
        await using var host = await fixture.StartAsync();
        Assert.Equal(1000L, await host.QueryAsync<long>("SELECT count(*) FROM stock"));
        Assert.Equal(3, await host.QueryAsync<int>("SELECT available FROM stock WHERE item_id = 'item-100'"));
        await host.ExecuteAsync("UPDATE stock SET initial = 7, available = 5 WHERE item_id = 'item-1'; DELETE FROM stock WHERE item_id = 'item-2'");

        host.Start();

        Assert.Equal(1000L, await host.QueryAsync<long>("SELECT count(*) FROM stock"));
        Assert.Equal("7 5", await host.QueryAsync<string>("SELECT initial || ' ' || available FROM stock WHERE item_id = 'item-1'"));
        Assert.Equal("1000000 1000000", await host.QueryAsync<string>("SELECT initial || ' ' || available FROM stock WHERE item_id = 'item-2'"));
    }
}
