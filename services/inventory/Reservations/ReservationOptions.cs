using System.ComponentModel.DataAnnotations;

namespace DaprOrders.InventoryService.Reservations;

/// <summary>When an answer is given once more; section <c>Reservations</c> of the configuration.</summary>
internal sealed class ReservationOptions
{
    /// <summary>
    /// Gets how old an answer is when it is taken for lost, should the same question come again. It must be shorter than the time after which
    /// the order service asks again (<c>Sweep:After</c> there, 30 s), or its first question brings nothing. Default 20 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan RepeatAfter { get; init; } = TimeSpan.FromSeconds(20);
}
