using System.Buffers;
using System.Text;
using System.Text.Json;

namespace DaprOrders.DaprEmulator.Publishing;

/// <summary>
/// Writes JSON as the runtime does: keys sorted at every level, <c>&lt; &gt; &amp;</c> escaped, all else of Unicode as it is,
/// numbers with their text. Utf8JsonWriter escapes differently and does not sort.
/// </summary>
internal static class GoJson
{
    private static readonly SearchValues<byte> Special = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\', (byte)'<', (byte)'>', (byte)'&', 0xE2]);

    // As deep as Go goes.
    private static readonly JsonReaderOptions Reading = new() { AllowMultipleValues = true, MaxDepth = 10_000 };

    /// <summary>Reads the first JSON value, as Go's decoder does: what comes after it is not looked at.</summary>
    /// <exception cref="JsonException">There is none; the message is one of Go's.</exception>
    public static JsonDocument ReadFirst(ReadOnlySpan<byte> text)
    {
        if (text.IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            throw new JsonException("EOF");
        }

        try
        {
            var reader = new Utf8JsonReader(text, isFinalBlock: true, new JsonReaderState(Reading));
            return JsonDocument.ParseValue(ref reader);
        }
        catch (JsonException)
        {
            throw new JsonException(IsCut(text) ? "unexpected EOF" : "invalid character in JSON");
        }
    }

    // Nothing is wrong with it but that it ends too early.
    private static bool IsCut(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, isFinalBlock: false, new JsonReaderState(Reading));
            while (reader.Read())
            {
                if (reader.CurrentDepth == 0 && reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                {
                    return false;
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    public static string KindOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "bool",
        _ => "null",
    };

    /// <param name="floats">Numbers become what a double holds of them, as where the runtime reads without keeping their text.</param>
    public static void Write(JsonBuffer output, JsonElement value, bool floats = false)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(output, value, floats);
                break;
            case JsonValueKind.Array:
                WriteArray(output, value, floats);
                break;
            case JsonValueKind.String:
                WriteString(output, value);
                break;
            case JsonValueKind.Number when floats:
                output.Write(System.Text.Encoding.ASCII.GetBytes(GoNumber.Format(value.GetDouble())));
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

    private static void WriteObject(JsonBuffer output, JsonElement value, bool floats)
    {
        var properties = new List<(string Name, JsonElement Value)>(value.GetPropertyCount());
        var sorted = true;
        foreach (var property in value.EnumerateObject())
        {
            var name = NameOf(property);
            sorted = sorted && (properties.Count == 0 || string.CompareOrdinal(properties[^1].Name, name) < 0);
            properties.Add((name, property.Value));
        }

        output.Write("{"u8);
        var first = true;
        foreach (var (name, child) in sorted ? properties : Sort(properties))
        {
            WriteName(output, name, ref first);
            Write(output, child, floats);
        }

        output.Write("}"u8);
    }

    // Of a name that stands there twice the last value counts.
    private static IEnumerable<(string Name, JsonElement Value)> Sort(List<(string Name, JsonElement Value)> properties) => properties
        .OrderBy(property => property.Name, StringComparer.Ordinal)
        .GroupBy(property => property.Name, (_, same) => same.Last());

    private static void WriteArray(JsonBuffer output, JsonElement value, bool floats)
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
            Write(output, child, floats);
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

        WriteString(output, TextOf(value));
    }

    /// <summary>Gets a text; halves of a surrogate pair, which .NET does not read, become U+FFFD as in Go.</summary>
    public static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Repaired(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value)[1..^1]);
        }
    }

    public static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return Repaired(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8PropertyName(property));
        }
    }

    private static string Repaired(ReadOnlySpan<byte> escaped)
    {
        var text = new StringBuilder(Encoding.UTF8.GetString(escaped));
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\')
            {
                continue;
            }

            var (taken, meant) = text[at + 1] switch
            {
                'u' => (6, (char)Convert.ToInt32(text.ToString(at + 2, 4), 16)),
                'n' => (2, '\n'),
                'r' => (2, '\r'),
                't' => (2, '\t'),
                'b' => (2, '\b'),
                'f' => (2, '\f'),
                var other => (2, other),
            };
            text.Remove(at, taken).Insert(at, meant);
        }

        // Encoding and decoding replaces the halves that have no other half.
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>Writes a text of any bytes; those that are no UTF-8 become an escaped U+FFFD each.</summary>
    public static void WriteString(JsonBuffer output, ReadOnlySpan<byte> text)
    {
        if (System.Text.Unicode.Utf8.IsValid(text))
        {
            WriteEscaped(output, text);
            return;
        }

        output.Write("\""u8);
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(text, out _, out var length) == OperationStatus.Done)
            {
                WriteEscapes(output, text[..length]);
            }
            else
            {
                length = 1;
                output.Write("\\ufffd"u8);
            }

            text = text[length..];
        }

        output.Write("\""u8);
    }

    private static void WriteEscaped(JsonBuffer output, ReadOnlySpan<byte> text)
    {
        output.Write("\""u8);
        WriteEscapes(output, text);
        output.Write("\""u8);
    }

    private static void WriteEscapes(JsonBuffer output, ReadOnlySpan<byte> text)
    {
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
    }

    private static byte Hex(int digit) => (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
}
