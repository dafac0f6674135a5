using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Runtime;
using Microsoft.Data.Sqlite;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>What the deliveries of one subscription need.</summary>
internal sealed partial class Subscription(SidecarState sidecar, MessageBroker broker, SubscriptionSpec spec, PubSub pubSub)
{
    private readonly ILogger _logger = sidecar.Logger;

    public SidecarState Sidecar => sidecar;

    public SubscriptionSpec Spec => spec;

    public PubSub PubSub => pubSub;

    public TargetPolicy Policy { get; } = sidecar.Resources.Resiliency.Inbound(pubSub.Name);

    public string TopicName => pubSub.TopicName(spec.Topic);

    public bool HasDeadLetterTopic => spec.DeadLetterTopic.Length > 0;

    /// <summary>Publishes a record that is not handled to the dead-letter topic, with its bytes and its metadata.</summary>
    /// <returns>False when there is no such topic, the app may not publish to it, or the disk is full.</returns>
    public async Task<bool> BuryAsync(Record record)
    {
        if (!HasDeadLetterTopic || !pubSub.Scopes.MayPublish(spec.DeadLetterTopic))
        {
            return false;
        }

        var metadata = EventRecord.MetadataOf(record, pubSub, spec.Topic);
        try
        {
            await broker.AppendAsync(pubSub.TopicName(spec.DeadLetterTopic), new NewRecord(record.Key, record.Value, metadata));
            return true;
        }
        catch (SqliteException failure)
        {
            LogNotBuried(failure, spec.DeadLetterTopic);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "Could not publish an event to the dead-letter topic {Topic}")]
    private partial void LogNotBuried(Exception failure, string topic);
}
