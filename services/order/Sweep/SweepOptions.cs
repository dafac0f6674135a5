using System.ComponentModel.DataAnnotations;

namespace DaprOrders.OrderService.Sweep;

/// <summary>When an order that stays pending is published again; section <c>Sweep</c> of the configuration.</summary>
internal sealed class SweepOptions
{
    /// <summary>Gets how old a pending order is when that happens first; each further wait is twice as long, up to an hour. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan After { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the time between two looks for such orders. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);
}
