using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Environments;

/// <summary>Runs the system with PgBouncer in transaction mode, as docs/operations.md says.</summary>
[Trait("Form", "faults")]
public sealed class PgBouncerTests
{
    private const int Orders = 300;

    [Fact(Explicit = true)]
    public async Task Orders_are_settled_through_PgBouncer_in_transaction_mode()
    {
        AttachedSystem.Skip();
        var program = await DebianPackage.FindFileAsync("pgbouncer", "/usr/sbin/pgbouncer", "/usr/local/bin/pgbouncer");
        await using var bouncer = new PgBouncer(program);
        await using var stack = new StackHost(new StackOptions
        {
            Instances = new Dictionary<string, int> { ["order"] = 2, ["inventory"] = 2 },
            StartPooler = bouncer.StartAsync,
            ConnectionKeywords = "Max Auto Prepare=0", // PgBouncer before 1.21 does not support prepared statements
        });
        await stack.StartAsync(); // runs the migrations through PgBouncer too
        var since = DateTimeOffset.UtcNow;
        var ledger = new Ledger();
        using var clients = new Clients(stack.Gateway.BaseAddress!, new LoadOptions(Clients: 8, OrdersPerSecond: 100), ledger, new RandomSources(1));
        await stack.QueryAsync("inventory_db", $"INSERT INTO stock (item_id, initial, available) VALUES ('{LoadOptions.ScarceItem}', 100, 100)");

        using var stop = new CancellationTokenSource();
        var load = clients.RunAsync(stop.Token);
        await Wait.UntilAsync($"{Orders} orders", () => ledger.Acknowledged.Count >= Orders);
        await stop.CancelAsync();
        await load;

        await IdleSystem.WaitAsync(stack, Wait.Limit, quietPeriod: null);
        Assert.Empty(Invariants.Check(await Snapshot.ReadAsync(stack, since), new Observations { Ledger = ledger }));
    }
}
