using System.Text;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Faults.Tests.Lines;

/// <summary>Contains what happens to the system while events are on their way to notification.</summary>
internal static class Scenarios
{
    private const string Subscriber = "notification";

    /// <summary>How long Dapr needs at most to deliver the events of a few orders.</summary>
    private static readonly TimeSpan DeliveryTime = TimeSpan.FromSeconds(2);

    /// <summary>Longer than the relay waits for a response (<c>Messaging:PublishTimeout</c>).</summary>
    private static readonly TimeSpan LongerThanPublishTimeout = TimeSpan.FromSeconds(7);

    /// <summary>Longer than RabbitMQ needs to close the channel of a consumer that does not acknowledge: <c>consumer_timeout</c>, and a minute.</summary>
    private static readonly TimeSpan LongerThanConsumerTimeout = TimeSpan.FromSeconds(150);

    private static readonly TimeSpan BlockedTime = TimeSpan.FromSeconds(20);

    /// <summary>Publishes events while a service and its sidecar are stopped, as during a deployment.</summary>
    public static async Task<int> SubscriberIsStopped(LineRun run)
    {
        await run.Runtime.StopAsync(run.Instance(Subscriber));
        await run.PlaceAndSettleAsync();
        await run.Runtime.StartAsync(run.Instance(Subscriber));
        return await run.CountLostAsync();
    }

    /// <summary>Publishes events before a service is started for the first time.</summary>
    public static async Task<int> SubscriberIsNew(LineRun run)
    {
        await run.PlaceAndSettleAsync();
        await run.Stack.StartDeferredAsync();
        return await run.CountLostAsync();
    }

    /// <summary>Kills the broker and starts it again while events wait for a stopped service.</summary>
    public static async Task<int> BrokerCrashesWithWaitingEvents(LineRun run)
    {
        await run.Runtime.StopAsync(run.Instance(Subscriber));
        await run.PlaceAndSettleAsync();
        await run.CrashBrokerAsync();
        await run.Runtime.StartAsync(run.Instance(Subscriber));
        return await run.CountLostAsync();
    }

    /// <summary>Freezes the broker, publishes events that it does not read, and kills it.</summary>
    public static async Task<int> BrokerFreezesAndCrashes(LineRun run)
    {
        await run.PlaceAndSettleAsync(); // otherwise the first publish would have to connect to the frozen broker
        run.Broker.Freeze();
        await run.PlaceAsync();
        await Task.Delay(LongerThanPublishTimeout);
        await run.CrashBrokerAsync();
        return await run.CountLostAsync();
    }

    /// <summary>
    /// Closes the connections of RabbitMQ until a sidecar has consumers that it does not read, and counts the notifications whose events wait for them.
    /// </summary>
    public static async Task<int> ConnectionsAreClosed(LineRun run)
    {
        await run.PlaceAndSettleAsync();
        Assert.True(await run.CloseConnectionsUntilConsumersAreStaleAsync(), "Each sidecar subscribed only once to each queue");
        await run.PlaceAsync(100); // at least half of their events are delivered to the other consumers, unless those are full
        return await run.CountWaitingAsync(LongerThanConsumerTimeout);
    }

    /// <summary>Kills a service and its sidecar while they handle events.</summary>
    public static async Task<int> SubscriberCrashesWithEvents(LineRun run)
    {
        await run.Runtime.SignalAsync(run.Instance(Subscriber), Signal.Freeze);
        await run.PlaceAndSettleAsync();
        await Task.Delay(DeliveryTime);
        await run.Runtime.KillSidecarAsync(run.Instance(Subscriber));
        await run.Runtime.SignalAsync(run.Instance(Subscriber), Signal.Kill); // otherwise it would handle what it has received
        await run.Runtime.StartAsync(run.Instance(Subscriber));
        return await run.CountLostAsync();
    }

    /// <summary>Kills a service while its sidecar keeps delivering events.</summary>
    public static async Task<int> ServiceCrashes(LineRun run)
    {
        await run.Runtime.SignalAsync(run.Instance(Subscriber), Signal.Kill);
        await run.PlaceAndSettleAsync();
        await Task.Delay(DeliveryTime);
        await run.Runtime.StartAsync(run.Instance(Subscriber));
        return await run.CountLostAsync();
    }

    /// <summary>Publishes a record that is not JSON, which Dapr cannot deliver.</summary>
    public static async Task<int> RecordCannotBeRead(LineRun run)
    {
        using var content = new StringContent("this is not JSON", Encoding.UTF8, "text/plain");
        using var response = await run.Stack.Gateway.PostAsync(
            new Uri($"http://127.0.0.1:{run.Instance("inventory").SidecarPort}/v1.0/publish/pubsub/inventory.updated?metadata.rawPayload=true"), content);
        response.EnsureSuccessStatusCode();
        await run.PlaceAndSettleAsync();
        return await run.CountLostAsync(BlockedTime);
    }

    /// <summary>Freezes one of two instances of a service, and counts the notifications that wait for it.</summary>
    public static async Task<int> InstanceFreezes(LineRun run)
    {
        await run.Runtime.SignalAsync(run.Instance(Subscriber, 2), Signal.Freeze);
        await run.PlaceAndSettleAsync(800);
        return await run.CountWaitingAsync();
    }
}
