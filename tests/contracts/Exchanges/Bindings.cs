using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DaprOrders.Contracts.Tests.Exchanges;

/// <summary>
/// What stands for the ids, times and cursors of the examples in one run. The same example value is the same actual value throughout: an id
/// that a service gave is the one that it is asked for. Those that nobody gave yet are new, so that a service that keeps its data from run to
/// run passes too.
/// </summary>
internal sealed partial class Bindings
{
    private readonly bool _keepExamples;

    private readonly Dictionary<string, string> _texts = [];
    private readonly Dictionary<string, DateTimeOffset> _times = [];

    /// <param name="keepExamples">Whether the values of the examples stand for themselves.</param>
    public Bindings(bool keepExamples = false) => _keepExamples = keepExamples;

    public static bool IsUuid(string text) => Uuid().Match(text) is { Success: true, Length: var length } && length == text.Length;

    public static bool IsTime(string text) => Time().IsMatch(text);

    /// <summary>Puts the actual ids in place of those of an example.</summary>
    public string Resolve(string text) => Uuid().Replace(text, id => IdFor(id.Value));

    public JsonObject Resolve(JsonObject example) => JsonNode.Parse(Resolve(example.ToJsonString()))!.AsObject();

    /// <summary>Puts actual ids and cursors into a path. The cursors last: one may look like an id.</summary>
    public string ResolvePath(string path)
    {
        var resolved = Resolve(path);
        var match = Cursor().Match(resolved);
        return match.Success && _texts.TryGetValue(match.Value, out var cursor)
            ? resolved.Replace(match.Value, cursor, StringComparison.Ordinal)
            : resolved;
    }

    public bool AgreesOn(string example, string actual)
    {
        if (_texts.TryAdd(example, actual))
        {
            return true;
        }

        return _texts[example] == actual;
    }

    public bool AgreesOn(string example, DateTimeOffset actual) => _times.TryAdd(example, actual) || _times[example] == actual;

    private string IdFor(string example)
    {
        _texts.TryAdd(example, _keepExamples ? example : Guid.CreateVersion7().ToString());
        return _texts[example];
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|\+00:00)$")]
    private static partial Regex Time();

    [GeneratedRegex("(?<=[?&]cursor=)[^&]+")]
    private static partial Regex Cursor();
}
