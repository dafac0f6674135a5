using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Environments;

/// <summary>Sets the clock of the services back with libfaketime. As on a real machine, the monotonic clock continues.</summary>
[Trait("Form", "faults")]
public sealed class ClockTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Clock_that_is_set_back_by_an_hour_stalls_nothing()
    {
        AttachedSystem.Skip();
        var library = await DebianPackage.FindFileAsync(
            "libfaketime",
            "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1");
        var offset = Path.GetTempFileName();
        await File.WriteAllTextAsync(offset, "+0", Cancel);
        await using var stack = new StackHost(
            new StackOptions
            {
                Environment = new Dictionary<string, string>
                {
                    ["LD_PRELOAD"] = library,
                    ["FAKETIME_TIMESTAMP_FILE"] = offset,
                    ["FAKETIME_NO_CACHE"] = "1",
                    ["DONT_FAKE_MONOTONIC"] = "1",
                    ["Sweep__After"] = "00:00:02",
                    ["Reservations__RepeatAfter"] = "00:00:01",
                },
            },
            StackSettings.FromEnvironment() with { Runtime = RuntimeKind.Emulator });
        await stack.StartAsync();
        var runtime = (EmulatorRuntime)stack.Runtime;

        // One event waits in the outbox while the relay pauses, and one is lost.
        await runtime.SuspendBrokerAsync(null);
        var waiting = await OneOrder.PlaceAsync(stack);
        var lost = await OneOrder.PlaceAsync(stack);
        await stack.QueryAsync("orders_db", $"DELETE FROM outbox WHERE id = '{lost}'");
        await File.WriteAllTextAsync(offset, "-1h", Cancel);
        await Wait.UntilAsync("services whose clock is an hour behind", async () =>
        {
            var later = await OneOrder.PlaceAsync(stack);
            return await stack.QueryAsync("orders_db", $"SELECT created_at < now() - interval '50 minutes' FROM orders WHERE id = '{later}'") is true;
        });
        await runtime.ResumeBrokerAsync(null);

        await Wait.UntilAsync("all orders to be settled", async () =>
            await stack.QueryAsync("orders_db", "SELECT count(*) FROM orders WHERE status = 'pending'") is 0L);
        await Wait.UntilAsync("their notifications", async () =>
            await stack.QueryAsync("notification_db", $"SELECT count(*) FROM notifications WHERE order_id IN ('{waiting}', '{lost}')") is 2L);
        File.Delete(offset);
    }
}
