using System.Text;
using System.Text.Json;

namespace DaprOrders.Gateway.Coalescing;

/// <summary>
/// Reads the body of an order that needs no other validation: exactly the two fields, within their bounds. The order service validates all other
/// bodies, so that it alone words the errors.
/// </summary>
internal static class PlainOrder
{
    private const int MaxItemId = 64;
    private const int MaxQuantity = 1000;

    public static bool TryRead(ReadOnlySpan<byte> body, out string itemId, out int quantity)
    {
        (itemId, quantity) = ("", 0);
        var reader = new Utf8JsonReader(body);
        try
        {
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("item_id"u8) ? itemId.Length > 0 || !TryReadItemId(ref reader, out itemId)
                    : !reader.ValueTextEquals("quantity"u8) || quantity > 0 || !TryReadQuantity(ref reader, out quantity))
                {
                    return false; // another field, a second value, or a value that is not allowed
                }
            }

            return reader.TokenType is JsonTokenType.EndObject && !reader.Read() && itemId.Length > 0 && quantity > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool TryReadItemId(ref Utf8JsonReader reader, out string itemId)
    {
        itemId = "";
        if (!reader.Read() || reader.TokenType is not JsonTokenType.String || reader.ValueSpan.Length is 0 or > MaxItemId
            || !char.IsAsciiLetterOrDigit((char)reader.ValueSpan[0]))
        {
            return false;
        }

        foreach (var character in reader.ValueSpan)
        {
            if (!char.IsAsciiLetterOrDigit((char)character) && character is not ((byte)'.' or (byte)'_' or (byte)'-'))
            {
                return false;
            }
        }

        itemId = Encoding.ASCII.GetString(reader.ValueSpan);
        return true;
    }

    private static bool TryReadQuantity(ref Utf8JsonReader reader, out int quantity)
    {
        quantity = 0;
        return reader.Read() && reader.TokenType is JsonTokenType.Number && reader.TryGetInt32(out quantity) && quantity is >= 1 and <= MaxQuantity;
    }
}
