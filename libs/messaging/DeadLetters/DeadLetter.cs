using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Messaging;

/// <summary>An event that could not be handled or published, with the reason. An operator redrives or deletes it.</summary>
public sealed class DeadLetter
{
    /// <summary>Gets the id.</summary>
    public long Id { get; private init; }

    /// <summary>Gets <c>in</c> for a delivered event and <c>out</c> for one that could not be published.</summary>
    public required string Direction { get; init; }

    /// <summary>Gets the topic of the event.</summary>
    public required string Topic { get; init; }

    /// <summary>Gets the CloudEvent id, or the SHA-256 of the bytes if they have no id.</summary>
    public required string EventId { get; init; }

    /// <summary>Gets the event as it was delivered: bytes, since it may be no JSON, or contain characters that PostgreSQL cannot store as text.</summary>
    public required byte[] Event { get; init; }

    /// <summary>Gets why it could not be handled or published.</summary>
    public required string Reason { get; init; }

    /// <summary>Gets the number of attempts.</summary>
    public int Attempts { get; private init; }

    /// <summary>Gets when it became a dead letter.</summary>
    public DateTimeOffset FirstAt { get; private init; }

    /// <summary>Gets when it last failed.</summary>
    public DateTimeOffset LastAt { get; private init; }

    internal static void Map(ModelBuilder model) => model.Entity<DeadLetter>(letter =>
    {
        letter.ToTable("dead_letters");
        letter.Property(l => l.Id).UseIdentityAlwaysColumn();
        letter.Property(l => l.Direction).HasMaxLength(3);
        letter.Property(l => l.Topic).HasMaxLength(255);
        letter.Property(l => l.EventId).HasMaxLength(255);
        letter.Property(l => l.FirstAt).HasDefaultValueSql("now()");
        letter.Property(l => l.LastAt).HasDefaultValueSql("now()");
        letter.HasIndex(l => new { l.Direction, l.Topic, l.EventId }).IsUnique();
    });
}
