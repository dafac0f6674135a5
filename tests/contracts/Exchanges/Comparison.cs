using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DaprOrders.Contracts.Tests.Exchanges;

/// <summary>
/// Compares a response or an event with an example. Ids, times and cursors may differ from the example, but must be the same in all places.
/// Available stock may vary, fields may be added, and the texts of a problem may differ. Everything else must be as in the example.
/// </summary>
internal sealed class Comparison(Bindings bindings)
{
    private readonly List<string> _differences = [];

    public static IReadOnlyList<string> Of(HttpMessage expected, HttpMessage actual, Bindings bindings)
    {
        var comparison = new Comparison(bindings);
        comparison.Compare(expected, actual);
        return comparison._differences;
    }

    public static IReadOnlyList<string> Of(JsonNode? expected, JsonNode? actual, Bindings bindings)
    {
        var comparison = new Comparison(bindings);
        comparison.Compare("data", expected, actual);
        return comparison._differences;
    }

    private void Compare(HttpMessage expected, HttpMessage actual)
    {
        Expect("status", expected.Status == actual.Status, $"{expected.Status}", $"{actual.Status}");
        Expect("Content-Type", MediaType(expected) == MediaType(actual), MediaType(expected), MediaType(actual));
        if (MediaType(expected) == "application/problem+json")
        {
            CompareProblem("body", expected.Body!, actual.Body);
        }
        else
        {
            Compare("body", expected.Body, actual.Body);
        }

        foreach (var header in (string[])["Location", "Idempotency-Replayed", "Retry-After"])
        {
            var expectedValue = expected.Headers.GetValueOrDefault(header);
            var actualValue = actual.Headers.GetValueOrDefault(header);
            Expect(header, actualValue == (expectedValue is null ? null : bindings.Resolve(expectedValue)), expectedValue, actualValue);
        }
    }

    private void CompareProblem(string path, JsonNode expected, JsonNode? actual)
    {
        Expect($"{path}.status", (int?)actual?["status"] == (int)expected["status"]!, $"{expected["status"]}", $"{actual?["status"]}");
        Expect($"{path}.title", !string.IsNullOrEmpty((string?)actual?["title"]), "a text", null);
        if (expected["errors"] is JsonObject errors)
        {
            var expectedNames = string.Join(", ", errors.Select(error => error.Key));
            var actualNames = string.Join(", ", (actual?["errors"] as JsonObject ?? []).Select(error => error.Key));
            Expect($"{path}.errors", expectedNames == actualNames, expectedNames, actualNames);
        }
    }

    private void Compare(string path, JsonNode? expected, JsonNode? actual)
    {
        if (expected is null || actual is null)
        {
            Expect(path, expected is null && actual is null, expected?.ToJsonString() ?? "null", actual?.ToJsonString() ?? "null");
            return;
        }

        if (expected.GetValueKind() != actual.GetValueKind())
        {
            Expect(path, false, expected.ToJsonString(), actual.ToJsonString());
            return;
        }

        switch (expected)
        {
            case JsonObject problem when path.EndsWith(".problem", StringComparison.Ordinal): // in an entry of a list
                CompareProblem(path, problem, actual);
                break;
            case JsonObject fields:
                foreach (var (name, value) in fields)
                {
                    Expect($"{path}.{name}", actual.AsObject().ContainsKey(name), "a field", "none");
                    Compare($"{path}.{name}", value, actual[name]);
                }

                break;
            case JsonArray items:
                Expect(path, items.Count == actual.AsArray().Count, $"{items.Count} items", actual.ToJsonString());
                for (var i = 0; i < Math.Min(items.Count, actual.AsArray().Count); i++)
                {
                    Compare($"{path}[{i}]", items[i], actual[i]);
                }

                break;
            default:
                Expect(path, AreEquivalent(path, expected, actual), expected.ToJsonString(), actual.ToJsonString());
                break;
        }
    }

    private bool AreEquivalent(string path, JsonNode expected, JsonNode actual)
    {
        if (expected.GetValueKind() is not JsonValueKind.String)
        {
            var isStock = path.EndsWith(".available", StringComparison.Ordinal);
            return isStock
                ? long.TryParse(actual.ToJsonString(), NumberStyles.None, CultureInfo.InvariantCulture, out _)
                : expected.ToJsonString() == actual.ToJsonString();
        }

        var (example, text) = ((string)expected!, (string)actual!);
        return path.EndsWith(".next", StringComparison.Ordinal) ? text.Length > 0 && bindings.TryBind(example, text)
            : Bindings.IsUuid(example) ? Bindings.IsUuid(text) && bindings.TryBind(example, text)
            : Bindings.IsTime(example) ? Bindings.IsTime(text) && bindings.TryBind(example, DateTimeOffset.Parse(text, CultureInfo.InvariantCulture))
            : example == text;
    }

    private void Expect(string path, bool isMatch, string? expected, string? actual)
    {
        if (!isMatch)
        {
            _differences.Add($"{path}: expected {expected ?? "none"}, but was {actual ?? "none"}");
        }
    }

    private static string? MediaType(HttpMessage message) => message.Headers.GetValueOrDefault("Content-Type")?.Split(';')[0];
}
