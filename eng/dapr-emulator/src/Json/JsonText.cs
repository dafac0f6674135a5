using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace DaprOrders.DaprEmulator.Json;

/// <summary>
/// Reads JSON with the rules of Go's JSON library, which Dapr uses. Lone surrogates become U+FFFD. If a property occurs twice, the last one
/// is used. Text nested deeper than 10,000 levels is invalid. All other text is unchanged, including the digits of numbers.
/// </summary>
internal static class JsonText
{
    public const int MaxDepth = 10_000;

    // A decimal number with at most this many digits is unchanged after conversion to a double and back.
    private const int DoubleDigits = 15;

    public static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = MaxDepth };

    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 2 * MaxDepth,
        SkipValidation = true,
    };

    /// <summary>Options for the JSON between Dapr and apps. Names are case-insensitive, and null values are not written.</summary>
    public static readonly JsonSerializerOptions SerializerOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        PropertyNameCaseInsensitive = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxDepth,
    };

    /// <summary>Returns the first JSON value of a text and ignores the text after it.</summary>
    /// <param name="asDoubles">Whether to round numbers to the nearest double, as Dapr does for bulk calls.</param>
    /// <exception cref="JsonException">The text has no valid JSON value, or a number exceeds the range of a double.</exception>
    public static ReadOnlyMemory<byte> ReadFirst(ReadOnlyMemory<byte> text, bool asDoubles = false)
    {
        text = ReplaceInvalidText(text);
        return new Scanner(asDoubles).Read(text, out _);
    }

    /// <summary>Returns the JSON value of a text that contains nothing else.</summary>
    /// <inheritdoc cref="ReadFirst"/>
    public static ReadOnlyMemory<byte> Read(ReadOnlyMemory<byte> text, bool asDoubles = false)
    {
        text = ReplaceInvalidText(text);
        var value = new Scanner(asDoubles).Read(text, out var end);
        return text.Span[end..].IndexOfAnyExcept(" \t\r\n"u8) < 0 ? value : throw new JsonException("invalid character after JSON value");
    }

    // Replaces escaped lone surrogates and invalid UTF-8 with U+FFFD.
    private static ReadOnlyMemory<byte> ReplaceInvalidText(ReadOnlyMemory<byte> text)
    {
        if (!Utf8.IsValid(text.Span))
        {
            text = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text.Span));
        }

        if (text.Span.IndexOf("\\ud"u8) < 0 && text.Span.IndexOf("\\uD"u8) < 0)
        {
            return text;
        }

        var bytes = text.ToArray();
        var at = 0;
        while (bytes.AsSpan(at).IndexOf((byte)'\\') is var next and >= 0)
        {
            at += next;
            switch (EscapedUnit(bytes, at))
            {
                case null:
                    at += 2;
                    break;
                case >= 0xD800 and < 0xDC00 when EscapedUnit(bytes, at + 6) is >= 0xDC00 and < 0xE000:
                    at += 12;
                    break;
                case >= 0xD800 and < 0xE000:
                    "fffd"u8.CopyTo(bytes.AsSpan(at + 2));
                    at += 6;
                    break;
                default:
                    at += 6;
                    break;
            }

            at = Math.Min(at, bytes.Length);
        }

        return bytes;
    }

    private static int? EscapedUnit(ReadOnlySpan<byte> text, int at) =>
        at + 6 <= text.Length && text[at..].StartsWith("\\u"u8) && Utf8Parser.TryParse(text.Slice(at + 2, 4), out ushort unit, out var length, 'x') && length == 4
            ? unit
            : null;

    /// <summary>Reads one value token by token and collects the edits to its text.</summary>
    private sealed class Scanner(bool asDoubles)
    {
        private readonly List<ObjectProperties> _objects = [];
        private List<(int Start, int End, byte[] Text)>? _edits;
        private bool _isBeyondDouble;

        public ReadOnlyMemory<byte> Read(ReadOnlyMemory<byte> text, out int end)
        {
            int start;
            try
            {
                var reader = new Utf8JsonReader(text.Span, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = MaxDepth });
                if (!reader.Read())
                {
                    throw new JsonException();
                }

                start = (int)reader.TokenStartIndex;
                do
                {
                    Visit(ref reader);
                }
                while ((reader.CurrentDepth > 0 || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) && reader.Read());
                end = (int)reader.BytesConsumed;
            }
            catch (JsonException failure)
            {
                throw new JsonException("invalid character or unexpected end of JSON", failure);
            }

            return _isBeyondDouble ? throw new JsonException("json: cannot unmarshal a number beyond a double")
                : _edits is null ? text[start..end]
                : Edited(text, start, end, _edits);
        }

        private void Visit(ref Utf8JsonReader reader)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    PropertiesAt(reader.CurrentDepth + 1).Clear();
                    break;
                case JsonTokenType.PropertyName:
                    if (PropertiesAt(reader.CurrentDepth).Add(reader.GetString()!, (int)reader.TokenStartIndex) is var (from, to))
                    {
                        Edit(from, to, []);
                    }

                    break;
                case JsonTokenType.Number when asDoubles && (reader.ValueSpan.Length > DoubleDigits || reader.ValueSpan.ContainsAny((byte)'e', (byte)'E')):
                    var number = reader.GetDouble();
                    _isBeyondDouble |= !double.IsFinite(number);
                    Edit((int)reader.TokenStartIndex, (int)reader.BytesConsumed, Encoding.ASCII.GetBytes(number.ToString("R", CultureInfo.InvariantCulture)));
                    break;
                default:
                    break;
            }
        }

        private void Edit(int start, int end, byte[] text) => (_edits ??= []).Add((start, end, text));

        private ObjectProperties PropertiesAt(int depth)
        {
            while (_objects.Count <= depth)
            {
                _objects.Add(new ObjectProperties());
            }

            return _objects[depth];
        }

        private static ReadOnlyMemory<byte> Edited(ReadOnlyMemory<byte> text, int start, int end, List<(int Start, int End, byte[] Text)> edits)
        {
            var edited = new MemoryStream(end - start);
            foreach (var edit in edits.OrderBy(edit => edit.Start))
            {
                // Skip edits inside a property that was removed.
                if (edit.Start >= start)
                {
                    edited.Write(text.Span[start..edit.Start]);
                    edited.Write(edit.Text);
                    start = edit.End;
                }
            }

            edited.Write(text.Span[start..end]);
            return edited.ToArray();
        }
    }

    /// <summary>Tracks the properties of one object to find duplicate names.</summary>
    private sealed class ObjectProperties
    {
        private readonly Dictionary<string, int> _indexes = [];
        private readonly List<int> _starts = [];

        public void Clear()
        {
            _indexes.Clear();
            _starts.Clear();
        }

        /// <returns>The range of an earlier property with the same name, up to the start of the next property, or null.</returns>
        public (int From, int To)? Add(string name, int start)
        {
            var index = _starts.Count;
            _starts.Add(start);
            if (_indexes.TryAdd(name, index))
            {
                return null;
            }

            var earlier = _indexes[name];
            _indexes[name] = index;
            return (_starts[earlier], _starts[earlier + 1]);
        }
    }
}
