using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DaprOrders.Contracts.Tests.Exchanges;

/// <summary>
/// Maps the ids, times and cursors of the examples to the actual values of one run. An example value maps to the same actual value everywhere,
/// so a request contains the id that an earlier response returned. An id that no response has returned yet is new in each run, so that a service
/// that keeps its data between runs also passes.
/// </summary>
internal sealed partial class Bindings
{
    private readonly bool _keepExamples;
    private readonly Dictionary<string, string> _values = [];
    private readonly Dictionary<string, DateTimeOffset> _times = [];

    /// <param name="keepExamples">Whether ids of the examples are used unchanged.</param>
    public Bindings(bool keepExamples = false) => _keepExamples = keepExamples;

    public static bool IsUuid(string text) => Uuid().Match(text) is { Success: true, Length: var length } && length == text.Length;

    public static bool IsTime(string text) => Time().IsMatch(text);

    /// <summary>Replaces the ids of an example with the actual ids.</summary>
    public string Resolve(string text) => Uuid().Replace(text, id => IdFor(id.Value));

    public JsonObject Resolve(JsonObject example) => JsonNode.Parse(Resolve(example.ToJsonString()))!.AsObject();

    /// <summary>Replaces the ids and the cursor in a path. The cursor is last, because an actual cursor may contain what looks like an id.</summary>
    public string ResolvePath(string path)
    {
        var resolved = Resolve(path);
        var match = Cursor().Match(resolved);
        return match.Success && _values.TryGetValue(match.Value, out var cursor)
            ? resolved.Replace(match.Value, cursor, StringComparison.Ordinal)
            : resolved;
    }

    /// <summary>Maps an example value to an actual value. Returns false if it already maps to another one.</summary>
    public bool TryBind(string example, string actual) => _values.TryAdd(example, actual) || _values[example] == actual;

    public bool TryBind(string example, DateTimeOffset actual) => _times.TryAdd(example, actual) || _times[example] == actual;

    private string IdFor(string example)
    {
        _values.TryAdd(example, _keepExamples ? example : Guid.CreateVersion7().ToString());
        return _values[example];
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|\+00:00)$")]
    private static partial Regex Time();

    [GeneratedRegex("(?<=[?&]cursor=)[^&]+")]
    private static partial Regex Cursor();
}
