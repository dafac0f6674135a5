using System.ComponentModel.DataAnnotations;

namespace DaprOrders.InventoryService.Reservations;

/// <summary>Settings of reservations; section <c>Reservations</c> of the configuration.</summary>
internal sealed class ReservationOptions
{
    /// <summary>
    /// Gets the age after which a duplicate <c>order.created</c> republishes the reservation. It must be less than the order service's
    /// <c>Sweep:After</c> (30 s), otherwise the first sweep has no effect. 0 to 1 h, default: 20 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RepeatAfter { get; init; } = TimeSpan.FromSeconds(20);
}
