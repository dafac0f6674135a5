using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Messaging;

/// <summary>
/// Represents an event that could not be handled or published. It is kept until an operator redrives or deletes it. It does not block the event:
/// if the event is delivered again, it is handled again.
/// </summary>
public sealed class DeadLetter
{
    /// <summary>Gets the id.</summary>
    public long Id { get; private init; }

    /// <summary>Gets the direction: <c>in</c> for an event that could not be handled, <c>out</c> for an event that could not be published.</summary>
    public required string Direction { get; init; }

    /// <summary>Gets the topic.</summary>
    public required string Topic { get; init; }

    /// <summary>Gets the CloudEvent source; empty if it cannot be read.</summary>
    public required string Source { get; init; }

    /// <summary>Gets the CloudEvent id; empty if it cannot be read.</summary>
    public required string EventId { get; init; }

    /// <summary>Gets the SHA-256 hash of the data, or of the whole body if the data cannot be read.</summary>
    public required byte[] DataHash { get; init; }

    /// <summary>Gets the bytes of the event. They may be invalid JSON or contain characters that PostgreSQL cannot store as text.</summary>
    public required byte[] Body { get; init; }

    /// <summary>Gets the reason of the last failure.</summary>
    public required string Reason { get; init; }

    /// <summary>Gets the number of failed attempts.</summary>
    public int Attempts { get; private init; }

    /// <summary>Gets the time when the event became a dead letter.</summary>
    public DateTimeOffset FirstAt { get; private init; }

    /// <summary>Gets the time of the last failure.</summary>
    public DateTimeOffset LastAt { get; private init; }

    /// <summary>Maps the table. The names are explicit, because the SQL of <see cref="DeadLetterStore"/> uses them.</summary>
    internal static void Map(ModelBuilder model) => model.Entity<DeadLetter>(letter =>
    {
        letter.ToTable("dead_letters");
        letter.HasKey(l => l.Id).HasName("pk_dead_letters");
        letter.Property(l => l.Id).HasColumnName("id").UseIdentityAlwaysColumn();
        letter.Property(l => l.Direction).HasColumnName("direction").HasMaxLength(3);
        letter.Property(l => l.Topic).HasColumnName("topic").HasMaxLength(255);
        letter.Property(l => l.Source).HasColumnName("source").HasMaxLength(255);
        letter.Property(l => l.EventId).HasColumnName("event_id").HasMaxLength(255);
        letter.Property(l => l.DataHash).HasColumnName("data_hash");
        letter.Property(l => l.Body).HasColumnName("body");
        letter.Property(l => l.Reason).HasColumnName("reason");
        letter.Property(l => l.Attempts).HasColumnName("attempts");
        letter.Property(l => l.FirstAt).HasColumnName("first_at").HasDefaultValueSql("now()");
        letter.Property(l => l.LastAt).HasColumnName("last_at").HasDefaultValueSql("now()");
        letter.HasIndex(l => new { l.Direction, l.Topic, l.Source, l.EventId, l.DataHash }).IsUnique().HasDatabaseName("ix_dead_letters_event");
    });
}
