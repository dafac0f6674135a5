using System.Buffers;

namespace DaprOrders.NoOp;

/// <summary>Responds to what the sidecar posts to a bulk subscription, with one status per entry.</summary>
internal static class BulkDelivery
{
    /// <summary>
    /// Writes SUCCESS for every entry, and returns the number of entries. It searches for the property name <c>entryId</c>, which does not occur in
    /// the events of this program. Dapr writes no space after the colon.
    /// </summary>
    public static int Acknowledge(ReadOnlySpan<byte> delivery, IBufferWriter<byte> response)
    {
        response.Write("{\"statuses\":["u8);
        var entries = 0;
        while (delivery.IndexOf("\"entryId\":\""u8) is >= 0 and var at)
        {
            delivery = delivery[(at + "\"entryId\":\""u8.Length)..];
            var id = delivery[..delivery.IndexOf((byte)'"')];
            delivery = delivery[id.Length..];

            response.Write(entries == 0 ? "{\"entryId\":\""u8 : ",{\"entryId\":\""u8);
            response.Write(id);
            response.Write("\",\"status\":\"SUCCESS\"}"u8);
            entries++;
        }

        response.Write("]}"u8);
        return entries;
    }
}
