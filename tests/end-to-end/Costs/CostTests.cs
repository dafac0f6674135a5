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

    [Fact]
    public async Task Lone_order_waits_for_at_most_4_flushes()
    {
        const int orders = 20;
        var before = await fixture.CountFlushesAsync();

        for (var i = 0; i < orders; i++)
        {
            await fixture.RecordAsync(orders: 1);
        }

        var flushes = await fixture.CountFlushesAsync() - before;
        output.WriteLine($"{flushes} flushes for {orders} orders");
        Assert.InRange(Math.Round((double)flushes / orders), 1, 4); // the log writer adds one every 10 s
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

    /// <summary>A plan that is kept for a table without statistics must not read the orders of other requests.</summary>
    [Fact]
    public async Task Statements_read_only_the_rows_that_they_need()
    {
        await fixture.RecordAsync(orders: 1000);
        await fixture.ResetStatisticsAsync();

        for (var i = 0; i < 20; i++)
        {
            await fixture.RecordAsync(orders: 1);
        }

        var statements = await fixture.StatementsAsync();
        output.WriteLine(string.Join('\n', statements));
        Assert.DoesNotContain(statements, statement => statement.Calls >= 20 && statement.Blocks / statement.Calls > 50);
    }

    [Fact]
    public async Task Batch_of_100_orders_takes_one_INSERT_per_table()
    {
        var roundTrips = await fixture.RecordAsync(orders: 100);

        var statements = roundTrips.SelectMany(roundTrip => roundTrip.Statements.Select(sql => (roundTrip.Database, Sql: sql))).ToList();
        output.WriteLine(string.Join('\n', roundTrips));
        Assert.Single(statements, statement => statement.Sql.StartsWith("INSERT INTO orders", StringComparison.Ordinal));
        Assert.Single(statements, statement => statement is { Database: "orders_db", Sql: var sql } && sql.StartsWith("INSERT INTO outbox", StringComparison.Ordinal));
        Assert.All(
            new[] { ("inventory_db", "reservations"), ("inventory_db", "outbox"), ("notification_db", "notifications") },
            table => Assert.True(Count(table.Item1, $"INSERT INTO {table.Item2}") <= Deliveries(table.Item1), $"{table.Item2}: more than one INSERT per delivery"));

        int Count(string database, string start) =>
            statements.Count(statement => statement.Database == database && statement.Sql.StartsWith(start, StringComparison.Ordinal));

        int Deliveries(string database) => Count(database, database == "inventory_db" ? "SELECT item_id, initial" : "SELECT n.order_id");
    }
}
