
namespace DaprOrders.EndToEnd.Tests.Costs;

/// <summary>Counts what an order costs in PostgreSQL. Counts do not depend on the machine, unlike times.</summary>
public sealed class CostTests(CostFixture fixture, ITestOutputHelper output) : IClassFixture<CostFixture>
{
    [Fact]
    public async Task Lone_order_takes_at_most_16_round_trips_and_30_statements()
    {
        var roundTrips = await fixture.RecordAsync(orders: 1);

        output.WriteLine(string.Join('\n', roundTrips));
        Assert.InRange(roundTrips.Count, 9, 16);
        Assert.InRange(roundTrips.Sum(roundTrip => roundTrip.Statements.Count), 20, 30);
    }
}
