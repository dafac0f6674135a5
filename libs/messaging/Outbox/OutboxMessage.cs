using System.Diagnostics;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Messaging;

/// <summary>A row of the outbox: an event that is committed with the change it describes and not published yet.</summary>
public sealed class OutboxMessage
{
    /// <summary>Gets the position in the outbox. The relay publishes in this order.</summary>
    public long Position { get; private init; }

    /// <summary>Gets the CloudEvent id. It is unique, and the same each time the event is published.</summary>
    public required Guid Id { get; init; }

    /// <summary>Gets the topic.</summary>
    public required string Topic { get; init; }

    /// <summary>Gets the partition key.</summary>
    public required string Key { get; init; }

    /// <summary>Gets the event's data, exactly the JSON text that is sent.</summary>
    public required string Data { get; init; }

    /// <summary>Gets the W3C traceparent of the unit of work that published the event, or null outside a trace.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Gets when the row was written, by the database's clock.</summary>
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>Gets how often the broker refused this event while it accepted others.</summary>
    public int Attempts { get; private init; }

    /// <summary>Gets the time before which the event is not published, by the database's clock.</summary>
    public DateTimeOffset NotBefore { get; private init; }

    /// <summary>Gets the broker's error when it last refused the event.</summary>
    public string? LastError { get; private init; }

    internal static OutboxMessage Of<TEvent>(TEvent message, Guid id, string? traceParent = null)
        where TEvent : IEvent =>
        new()
        {
            Id = id,
            Topic = TEvent.Topic,
            Key = message.Key,
            Data = JsonSerializer.Serialize(message, EventJson.Options),
            TraceParent = traceParent ?? Activity.Current?.Id,
        };

    internal static void Map(ModelBuilder model) => model.Entity<OutboxMessage>(outbox =>
    {
        outbox.ToTable("outbox");
        outbox.HasKey(message => message.Position);
        outbox.Property(message => message.Position).UseIdentityAlwaysColumn();
        outbox.HasIndex(message => message.Id).IsUnique();
        outbox.Property(message => message.Topic).HasMaxLength(255);
        outbox.Property(message => message.Key).HasMaxLength(255);
        outbox.Property(message => message.Data).HasColumnType("json"); // jsonb would reorder the keys
        outbox.Property(message => message.TraceParent).HasMaxLength(55);
        outbox.Property(message => message.CreatedAt).HasDefaultValueSql("now()");
        outbox.Property(message => message.NotBefore).HasDefaultValueSql("now()");
        // Nearly always empty, so that "has an earlier refused row of this key" is cheap.
        outbox.HasIndex(message => message.Key).HasFilter("attempts > 0").HasDatabaseName("ix_outbox_refused");
        // Rows are deleted soon after they are written. With the default settings vacuum runs too rarely, and after 200,000 deletes reading a
        // batch takes 8.7 ms instead of 0.23 ms.
        outbox.HasStorageParameter("autovacuum_vacuum_scale_factor", 0);
        outbox.HasStorageParameter("autovacuum_vacuum_threshold", 5000);
        outbox.HasStorageParameter("autovacuum_vacuum_cost_delay", 0);
    });
}
