using System.Text.Json;
using System.Text.Json.Serialization;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Reads the items of a list as they are, also items in which a field occurs twice. <see cref="JsonPart"/> then refuses only these items. The
/// framework would refuse the whole body.
/// </summary>
public sealed class JsonItemsConverter : JsonConverter<JsonElement[]>
{
    /// <inheritdoc/>
    public override JsonElement[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is not JsonTokenType.StartArray)
        {
            throw new JsonException();
        }

        using var list = JsonDocument.ParseValue(ref reader);
        return [.. list.RootElement.EnumerateArray().Select(item => item.Clone())];
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, JsonElement[] value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.AsEnumerable(), options);
}
