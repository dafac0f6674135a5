namespace DaprOrders.EndToEnd.Tests.Traces;

/// <summary>Describes the project's own spans of a trace as an indented tree. Spans of the database, of HTTP clients and of sidecars are skipped.</summary>
internal static class SpanTree
{
    /// <summary>Returns the tree, with siblings in alphabetical order.</summary>
    public static string Of(IReadOnlyList<Span> trace)
    {
        var byId = trace.ToDictionary(span => span.Id);
        var children = trace.Where(span => span.IsOwn).ToLookup(span => OwnParentOf(span)?.Id ?? "");
        return Draw("", 0);

        Span? OwnParentOf(Span span)
        {
            var parent = span.ParentId is null ? null : byId.GetValueOrDefault(span.ParentId);
            return parent is null or { IsOwn: true } ? parent : OwnParentOf(parent);
        }

        string Draw(string parent, int depth) => string.Concat(children[parent]
            .Select(span => $"{new string(' ', 2 * depth)}{Describe(span)}\n{Draw(span.Id, depth + 1)}")
            .Order(StringComparer.Ordinal));
    }

    private static string Describe(Span span) =>
        $"{span.Service}: {span.Name}{(span.Attributes.GetValueOrDefault("error.type") is { } error ? $" ({error})" : "")}";
}
