using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Runtime;
using Microsoft.Data.Sqlite;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>One started subscription, with the settings and policies for its deliveries.</summary>
internal sealed partial class Subscription(SidecarState sidecar, MessageBroker broker, SubscriptionSpec spec, PubSub pubSub)
{
    private readonly ILogger _logger = sidecar.Logger;

    public SidecarState Sidecar => sidecar;

    public SubscriptionSpec Spec => spec;

    public PubSub PubSub => pubSub;

    public TargetPolicy Policy { get; } = sidecar.Resources.Resiliency.Inbound(pubSub.Name);

    public string TopicName => pubSub.TopicName(spec.Topic);

    public bool HasDeadLetterTopic => spec.DeadLetterTopic.Length > 0;

    /// <summary>Publishes a failed record unchanged to the dead-letter topic, with its metadata.</summary>
    /// <returns>False if there is no dead-letter topic, the app may not publish to it, or the record could not be stored.</returns>
    public async Task<bool> PublishDeadLetterAsync(Record record)
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
            LogDeadLetterFailed(failure, spec.DeadLetterTopic);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "Could not publish an event to the dead-letter topic {Topic}")]
    private partial void LogDeadLetterFailed(Exception failure, string topic);
}
