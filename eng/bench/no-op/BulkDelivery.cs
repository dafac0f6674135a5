using System.Buffers;

namespace DaprOrders.NoOp;

/// <summary>What the sidecar posts to a bulk subscription, and what it wants to hear: one status for each entry.</summary>
internal static class BulkDelivery
{
    /// <summary>
    /// Writes SUCCESS for every entry. The ids are found by their name: the events of this program have no such word in them, and Dapr
    /// writes no space after the colon.
    /// </summary>
    /// <returns>The number of entries.</returns>
    public static int Acknowledge(ReadOnlySpan<byte> delivery, IBufferWriter<byte> answer)
    {
        answer.Write("{\"statuses\":["u8);
        var entries = 0;
        while (delivery.IndexOf("\"entryId\":\""u8) is >= 0 and var at)
        {
            delivery = delivery[(at + "\"entryId\":\""u8.Length)..];
            var id = delivery[..delivery.IndexOf((byte)'"')];
            delivery = delivery[id.Length..];

            answer.Write(entries == 0 ? "{\"entryId\":\""u8 : ",{\"entryId\":\""u8);
            answer.Write(id);
            answer.Write("\",\"status\":\"SUCCESS\"}"u8);
            entries++;
        }

        answer.Write("]}"u8);
        return entries;
    }
}
