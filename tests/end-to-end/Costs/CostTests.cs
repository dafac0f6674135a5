namespace DaprOrders.EndToEnd.Tests.Costs;

/// <summary>Counts what an order costs in PostgreSQL. Counts do not depend on the machine, unlike times.</summary>
public sealed class CostTests(CostFixture fixture, ITestOutputHelper output) : IClassFixture<CostFixture>
{
    [Fact]
    public async Task Lone_order_takes_at_most_17_round_trips_and_32_statements()
    {
        var roundTrips = await fixture.RecordAsync(orders: 1);

        output.WriteLine(string.Join('\n', roundTrips));
        Assert.InRange(roundTrips.Count, 9, 17);
        Assert.InRange(roundTrips.Sum(roundTrip => roundTrip.Statements.Count), 20, 32);
    }

    [Fact]
    public async Task Lone_order_waits_for_at_most_4_flushes()
    {
        const int orders = 10;
        var before = await fixture.CountFlushesAsync();

        for (var i = 0; i < orders; i++)
        {
            await fixture.RecordAsync(orders: 1);
        }

        var flushes = await fixture.CountFlushesAsync() - before;
        output.WriteLine($"{flushes} flushes for {orders} orders");
        Assert.InRange(flushes, orders, 4 * orders);
    }

    [Fact]
    public async Task Prepared_statements_are_not_planned_for_each_execution()
    {
        await fixture.ResetStatisticsAsync();

        for (var i = 0; i < 20; i++)
        {
            await fixture.RecordAsync(orders: 1);
        }

        var statements = await fixture.StatementsAsync();
        output.WriteLine(string.Join('\n', statements));
        Assert.Contains(statements, statement => statement.Calls >= 20);
        Assert.DoesNotContain(statements, statement => statement.Calls >= 20 && statement.Plans > statement.Calls / 2);
    }
}
