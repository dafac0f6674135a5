using DaprOrders.DaprEmulator.Cel;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Picks the path of an event: that of the first rule whose condition holds.</summary>
internal sealed class RouteChoice
{
    private readonly List<(CelExpression? Condition, string Path)> _rules = [];

    /// <exception cref="FormatException">A condition is no CEL, or more of it than is known here.</exception>
    public RouteChoice(IReadOnlyList<RouteRule> rules)
    {
        foreach (var rule in rules)
        {
            _rules.Add((string.IsNullOrWhiteSpace(rule.Match) ? null : CelExpression.Parse(rule.Match.Trim()), rule.Path));
        }
    }

    public bool NeedsEvent => _rules.Any(rule => rule.Condition is not null);

    /// <param name="content">The envelope; of a raw record in a batch its text.</param>
    /// <returns>Null when no rule matches.</returns>
    /// <exception cref="CelException">A condition before that has no value for this event.</exception>
    public string? PathOf(object? content)
    {
        foreach (var (condition, path) in _rules)
        {
            if (condition is null || condition.Holds(name => name == "event" ? content : throw new CelException($"no such attribute(s): {name}")))
            {
                return path;
            }
        }

        return null;
    }
}
