using System.Text.Json;
using System.Text.RegularExpressions;
using DaprOrders.DevSidecar.Resources;

namespace DaprOrders.DevSidecar.Delivery;

/// <summary>
/// Picks the path of an event. Conditions are the part of CEL that subscriptions use: comparisons of <c>event.…</c> with a
/// string, joined by <c>&amp;&amp;</c> or <c>||</c>.
/// </summary>
internal sealed partial class RouteChoice
{
    private readonly List<(List<List<Comparison>>? AnyOf, string Path)> _rules = [];

    /// <exception cref="FormatException">A condition uses more of CEL than is known here.</exception>
    public RouteChoice(IReadOnlyList<RouteRule> rules)
    {
        foreach (var rule in rules)
        {
            _rules.Add((string.IsNullOrWhiteSpace(rule.Match) ? null : Parse(rule.Match), rule.Path));
        }
    }

    public bool NeedsEvent => _rules.Any(rule => rule.AnyOf is not null);

    /// <returns>Null when no rule matches.</returns>
    public string? PathOf(JsonElement envelope)
    {
        foreach (var (anyOf, path) in _rules)
        {
            if (anyOf is null || anyOf.Any(allOf => allOf.All(comparison => comparison.Holds(envelope))))
            {
                return path;
            }
        }

        return null;
    }

    private static List<List<Comparison>> Parse(string condition) =>
        [.. condition.Split("||").Select(part => part.Split("&&").Select(comparison => Comparison.Parse(comparison, condition)).ToList())];

    private sealed partial record Comparison(string[] Members, bool Equal, string Value)
    {
        public static Comparison Parse(string text, string condition)
        {
            var match = Pattern().Match(text);
            return match.Success
                ? new Comparison(match.Groups["path"].Value.Split('.'), match.Groups["operator"].Value == "==", match.Groups["value"].Value)
                : throw new FormatException($"the development sidecar only knows comparisons such as event.type == \"x\", not: {condition}");
        }

        public bool Holds(JsonElement envelope)
        {
            foreach (var member in Members)
            {
                if (envelope.ValueKind != JsonValueKind.Object || !envelope.TryGetProperty(member, out envelope))
                {
                    return false;
                }
            }

            return (envelope.ToString() == Value) == Equal;
        }

        [GeneratedRegex("""^\s*event\.(?<path>[A-Za-z_][\w.]*)\s*(?<operator>==|!=)\s*(?<quote>["']?)(?<value>[^"']*)\k<quote>\s*$""")]
        private static partial Regex Pattern();
    }
}
