using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace DaprOrders.DaprEmulator.Json;

/// <summary>
/// Reads JSON with those rules of Dapr's JSON library (Go's) that change a value: lone surrogates become U+FFFD, the last of two properties with
/// one name wins, and a text nested deeper than 10,000 levels is invalid. Everything else, such as the text of a number, stays as it is.
/// </summary>
internal static class JsonText
{
    public const int MaxDepth = 10_000;

    // A decimal number of at most this many digits survives the conversion to a double and back.
    private const int DoubleDigits = 15;

    public static readonly JsonDocumentOptions Documents = new() { MaxDepth = MaxDepth };

    public static readonly JsonWriterOptions Writing = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 2 * MaxDepth,
        SkipValidation = true,
    };

    /// <summary>What Dapr and apps send each other: names are matched without case, absent values are left out.</summary>
    public static readonly JsonSerializerOptions Wire = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        PropertyNameCaseInsensitive = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = MaxDepth,
    };

    /// <summary>Returns the first JSON value of a text and ignores what follows it.</summary>
    /// <param name="asDoubles">Whether numbers that a double cannot hold exactly are rounded to one.</param>
    /// <exception cref="JsonException">There is no value, or a number to be rounded is beyond a double.</exception>
    public static ReadOnlyMemory<byte> ReadFirst(ReadOnlyMemory<byte> text, bool asDoubles = false)
    {
        text = Repair(text);
        return new Scan(asDoubles).Read(text, out _);
    }

    /// <summary>Returns the only JSON value of a text.</summary>
    /// <inheritdoc cref="ReadFirst"/>
    public static ReadOnlyMemory<byte> Read(ReadOnlyMemory<byte> text, bool asDoubles = false)
    {
        text = Repair(text);
        var value = new Scan(asDoubles).Read(text, out var end);
        return text.Span[end..].IndexOfAnyExcept(" \t\r\n"u8) < 0 ? value : throw new JsonException("invalid character after JSON value");
    }

    // Escapes of surrogates without their other half, and bytes that are not UTF-8, become U+FFFD.
    private static ReadOnlyMemory<byte> Repair(ReadOnlyMemory<byte> text)
    {
        if (!Utf8.IsValid(text.Span))
        {
            text = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text.Span));
        }

        if (text.Span.IndexOf("\\ud"u8) < 0 && text.Span.IndexOf("\\uD"u8) < 0)
        {
            return text;
        }

        var repaired = text.ToArray();
        var at = 0;
        while (repaired.AsSpan(at).IndexOf((byte)'\\') is var next and >= 0)
        {
            at += next;
            switch (EscapedUnit(repaired, at))
            {
                case null:
                    at += 2;
                    break;
                case >= 0xD800 and < 0xDC00 when EscapedUnit(repaired, at + 6) is >= 0xDC00 and < 0xE000:
                    at += 12;
                    break;
                case >= 0xD800 and < 0xE000:
                    "fffd"u8.CopyTo(repaired.AsSpan(at + 2));
                    at += 6;
                    break;
                default:
                    at += 6;
                    break;
            }

            at = Math.Min(at, repaired.Length);
        }

        return repaired;
    }

    private static int? EscapedUnit(ReadOnlySpan<byte> text, int at) =>
        at + 6 <= text.Length && text[at..].StartsWith("\\u"u8) && Utf8Parser.TryParse(text.Slice(at + 2, 4), out ushort unit, out var length, 'x') && length == 4
            ? unit
            : null;

    /// <summary>Reads one value token by token, and notes what has to be changed in its text.</summary>
    private sealed class Scan(bool asDoubles)
    {
        private readonly List<Properties> _open = [];
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
                    Note(ref reader);
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

        private void Note(ref Utf8JsonReader reader)
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

        private Properties PropertiesAt(int depth)
        {
            while (_open.Count <= depth)
            {
                _open.Add(new Properties());
            }

            return _open[depth];
        }

        private static ReadOnlyMemory<byte> Edited(ReadOnlyMemory<byte> text, int start, int end, List<(int Start, int End, byte[] Text)> edits)
        {
            var edited = new MemoryStream(end - start);
            foreach (var edit in edits.OrderBy(edit => edit.Start))
            {
                // An edit inside a removed property has no effect.
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

    /// <summary>The properties of an object that is being read.</summary>
    private sealed class Properties
    {
        private readonly Dictionary<string, int> _numbers = [];
        private readonly List<int> _starts = [];

        public void Clear()
        {
            _numbers.Clear();
            _starts.Clear();
        }

        /// <returns>Where the earlier property of this name is, up to the one after it; null when there is none.</returns>
        public (int From, int To)? Add(string name, int start)
        {
            var number = _starts.Count;
            _starts.Add(start);
            if (_numbers.TryAdd(name, number))
            {
                return null;
            }

            var earlier = _numbers[name];
            _numbers[name] = number;
            return (_starts[earlier], _starts[earlier + 1]);
        }
    }
}
