using System.Text.Json;
using System.Text.Json.Serialization;

namespace DaprOrders.ServiceDefaults;

/// <summary>Reads every number without a fraction as an integer, also <c>2.0</c> and <c>1e2</c>, as JSON Schema does.</summary>
public sealed class IntegerConverter : JsonConverter<int>
{
    /// <inheritdoc/>
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.Number)
        {
            throw new JsonException();
        }

        if (reader.TryGetInt32(out var value))
        {
            return value;
        }

        return reader.TryGetDecimal(out var number) && number == decimal.Truncate(number) && number is >= int.MinValue and <= int.MaxValue
            ? (int)number
            : throw new JsonException();
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteNumberValue(value);
    }
}
