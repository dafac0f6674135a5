using System.ComponentModel.DataAnnotations;

namespace DaprOrders.OrderService.Orders;

/// <summary>Settings of the sweep, which republishes the event of an order that stays pending; section <c>Sweep</c> of the configuration.</summary>
internal sealed class SweepOptions
{
    /// <summary>Gets the age at which the event of a pending order is first republished. Later intervals double, up to an hour. Default: 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan After { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the interval of the sweep. Default: 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);
}
