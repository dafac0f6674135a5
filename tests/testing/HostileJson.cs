using System.Text.Json;
using CsCheck;

namespace DaprOrders.Testing;

/// <summary>
/// Generates JSON that a sender may legally send but hardly a program expects: half surrogate pairs, control characters, numbers without a value in .NET,
/// deep nesting, duplicate and empty names. It is generated as text, because .NET's writers refuse most of it.
/// </summary>
public static class HostileJson
{
    private const int MaxDepth = 3;
    private const int DeepestNesting = 3_000;

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String.Select(text => JsonSerializer.Serialize(text)),
        Gen.OneOf(
            "\"\"", "\"\\ud800\"", "\"x\\udc00y\"", "\"\\u0000\"", "\"\\ufeff\"", "\"\\r\\nerror: forged\"", "\"\\u001b[31m\"", "\"\u2028\"", "\"%00\"",
            "\"item-1\"", "\"2026-11-29T12:00:00Z\"", "\"0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e\"", "\"1\"", "\"reserved\"",
            "\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"", $"\"{new string('a', 70_000)}\"",
            $"\"{new string('a', 254)}\ud83d\ude00\"", $"\"{new string('a', 63)}\ud83d\ude00\"")); // a surrogate pair at the end of a column

    private static readonly Gen<string> Number = Gen.OneOf(
        Gen.Int.Select(number => $"{number}"),
        Gen.OneOf(
            "0", "-0", "1.0", "1.00000000000000000000001", "0.1", "-5", "1001", "1e2", "1E400", "1e999", "-1e-999", "2147483648", "9007199254740993",
            "123456789012345678901234567890"));

    private static readonly Gen<string> Scalar = Gen.OneOf(Text, Number, Gen.OneOf("null", "true", "false"));

    private static readonly Gen<string> Nested = Gen.Select(Gen.Int[1, DeepestNesting], Gen.Bool, (depth, isArray) => isArray
        ? new string('[', depth) + new string(']', depth)
        : $"{string.Concat(Enumerable.Repeat("{\"a\":", depth))}1{new string('}', depth)}");

    /// <summary>Gets a generator of names of fields, in quotation marks.</summary>
    public static Gen<string> Name { get; } = Gen.OneOf(
        Gen.OneOf(
            "\"id\"", "\"data\"", "\"type\"", "\"source\"", "\"specversion\"", "\"datacontenttype\"", "\"data_base64\"", "\"traceparent\"", "\"order_id\"",
            "\"item_id\"", "\"quantity\"", "\"created_at\"", "\"entryId\"", "\"event\"", "\"contentType\""),
        Text);

    /// <summary>Gets a generator of values.</summary>
    public static Gen<string> Value { get; } = Gen.Frequency(
        (20, Gen.Recursive<string>((depth, value) => depth >= MaxDepth
            ? Scalar
            : Gen.OneOf(
                Scalar,
                value.Array[0, 3].Select(items => $"[{string.Join(',', items)}]"),
                Gen.Select(Name, value).Array[0, 3].Select(fields => Write(fields))))),
        (1, Nested));

    /// <summary>Returns an object. Names may repeat.</summary>
    /// <param name="fields">The names in quotation marks, and the values.</param>
    public static string Write(IEnumerable<(string Name, string Value)> fields) => $"{{{string.Join(',', fields.Select(field => $"{field.Name}:{field.Value}"))}}}";

    /// <summary>
    /// Generates variants of an object with one to three mistakes: a field is missing, doubled, added, or has another value.
    /// </summary>
    public static Gen<(string Name, string Value)[]> Mutated(params (string Name, string Value)[] fields)
    {
        var change = Gen.Select(Gen.Int[0, 3], Gen.Int[0, fields.Length - 1], Name, Value);
        return change.Array[1, 3].Select(changes => changes.Aggregate(fields, (result, next) => Change(result, next.Item1, next.Item2, next.Item3, next.Item4)));
    }

    private static (string Name, string Value)[] Change((string Name, string Value)[] fields, int kind, int index, string name, string value)
    {
        if (fields.Length == 0)
        {
            return [(name, value)];
        }

        var at = index % fields.Length;
        return kind switch
        {
            0 => [.. fields[..at], .. fields[(at + 1)..]],
            1 => [.. fields, (fields[at].Name, value)],
            2 => [.. fields, (name, value)],
            _ => [.. fields[..at], (fields[at].Name, value), .. fields[(at + 1)..]],
        };
    }
}
