using System.Buffers;
using System.Text;
using System.Text.Json;

namespace DaprOrders.DevSidecar.Publishing;

/// <summary>
/// Writes JSON as the runtime does: keys sorted at every level, <c>&lt; &gt; &amp;</c> escaped, all else of Unicode as it is,
/// numbers with their text. Utf8JsonWriter escapes differently and does not sort.
/// </summary>
internal static class GoJson
{
    private static readonly SearchValues<byte> Special = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\', (byte)'<', (byte)'>', (byte)'&', 0xE2]);

    public static void Write(JsonBuffer output, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, value);
                break;
            case JsonValueKind.Array:
                WriteArray(output, value);
                break;
            case JsonValueKind.String:
                WriteString(output, value);
                break;
            default:
                output.Write(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value));
                break;
        }
    }

    public static void WriteString(JsonBuffer output, string value)
    {
        // Most texts need no escape: they are encoded where they belong.
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(value.Length) + 2);
        var length = Encoding.UTF8.GetBytes(value, span[1..]);
        var text = span.Slice(1, length);
        if (text.IndexOfAny(Special) < 0)
        {
            span[0] = (byte)'"';
            span[length + 1] = (byte)'"';
            output.Advance(length + 2);
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(length);
        text.CopyTo(rented);
        WriteEscaped(output, rented.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Writes <c>"name":</c>, after a comma unless it is the first.</summary>
    public static void WriteName(JsonBuffer output, string name, ref bool first)
    {
        if (!first)
        {
            output.Write(","u8);
        }

        first = false;
        WriteString(output, name);
        output.Write(":"u8);
    }

    private static void WriteObject(JsonBuffer output, JsonElement value)
    {
        var properties = new List<(string Name, JsonElement Value)>(value.GetPropertyCount());
        var sorted = true;
        foreach (var property in value.EnumerateObject())
        {
            var name = property.Name;
            sorted = sorted && (properties.Count == 0 || string.CompareOrdinal(properties[^1].Name, name) < 0);
            properties.Add((name, property.Value));
        }

        output.Write("{"u8);
        var first = true;
        foreach (var (name, child) in sorted ? properties : Sort(properties))
        {
            WriteName(output, name, ref first);
            Write(output, child);
        }

        output.Write("}"u8);
    }

    // Of a name that stands there twice the last value counts.
    private static IEnumerable<(string Name, JsonElement Value)> Sort(List<(string Name, JsonElement Value)> properties) => properties
        .OrderBy(property => property.Name, StringComparer.Ordinal)
        .GroupBy(property => property.Name, (_, same) => same.Last());

    private static void WriteArray(JsonBuffer output, JsonElement value)
    {
        output.Write("["u8);
        var first = true;
        foreach (var child in value.EnumerateArray())
        {
            if (!first)
            {
                output.Write(","u8);
            }

            first = false;
            Write(output, child);
        }

        output.Write("]"u8);
    }

    private static void WriteString(JsonBuffer output, JsonElement value)
    {
        var raw = System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value);
        if (raw[1..^1].IndexOfAny(Special) < 0)
        {
            output.Write(raw);
            return;
        }

        WriteString(output, value.GetString()!);
    }

    private static void WriteEscaped(JsonBuffer output, ReadOnlySpan<byte> text)
    {
        output.Write("\""u8);
        while (text.IndexOfAny(Special) is var at and >= 0)
        {
            output.Write(text[..at]);
            var taken = 1;
            switch (text[at])
            {
                case (byte)'"':
                    output.Write("\\\""u8);
                    break;
                case (byte)'\\':
                    output.Write("\\\\"u8);
                    break;
                case (byte)'\n':
                    output.Write("\\n"u8);
                    break;
                case (byte)'\r':
                    output.Write("\\r"u8);
                    break;
                case (byte)'\t':
                    output.Write("\\t"u8);
                    break;
                case (byte)'\b':
                    output.Write("\\b"u8);
                    break;
                case (byte)'\f':
                    output.Write("\\f"u8);
                    break;
                // U+2028 and U+2029, which JavaScript takes for line ends.
                case 0xE2 when text[at..] is [_, 0x80, 0xA8 or 0xA9, ..]:
                    output.Write(text[at + 2] == 0xA8 ? "\\u2028"u8 : "\\u2029"u8);
                    taken = 3;
                    break;
                case 0xE2:
                    output.Write(text.Slice(at, 1));
                    break;
                case var control:
                    output.Write("\\u00"u8);
                    output.Write([Hex(control >> 4), Hex(control & 15)]);
                    break;
            }

            text = text[(at + taken)..];
        }

        output.Write(text);
        output.Write("\""u8);
    }

    private static byte Hex(int digit) => (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
}
