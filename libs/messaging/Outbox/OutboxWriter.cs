using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>Converts events to rows of the outbox.</summary>
internal sealed class OutboxWriter(IOptions<MessagingOptions> options)
{
    /// <exception cref="ArgumentException">The event is too large.</exception>
    public OutboxMessage Create<TEvent>(TEvent message)
        where TEvent : IEvent
    {
        ArgumentNullException.ThrowIfNull(message);
        var data = JsonSerializer.Serialize(message, EventJson.Options);
        var bytes = Encoding.UTF8.GetByteCount(data);
        if (bytes > options.Value.MaxEventBytes)
        {
            throw new ArgumentException(
                $"Event {message.Id} of {TEvent.Topic} has {bytes} bytes. Messaging:MaxEventBytes allows {options.Value.MaxEventBytes}.", nameof(message));
        }

        return new OutboxMessage
        {
            Id = message.Id,
            Topic = TEvent.Topic,
            Key = message.Key,
            Data = data,
            TraceParent = message.TraceParent ?? HandledTraces.Find(message.Key) ?? Activity.Current?.Id,
        };
    }
}
