using System.Buffers;
using System.Text;

namespace DaprOrders.DaprEmulator.Broker;

/// <summary>Serializes headers as name, value, name, value, and so on. A zero byte follows each of them.</summary>
internal static class RecordHeaders
{
    public static byte[] Write(IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        if (headers.Count == 0)
        {
            return [];
        }

        var buffer = new ArrayBufferWriter<byte>(128);
        foreach (var (name, value) in headers)
        {
            Encoding.UTF8.GetBytes(name, buffer);
            buffer.Write<byte>([0]);
            Encoding.UTF8.GetBytes(value, buffer);
            buffer.Write<byte>([0]);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static IReadOnlyList<KeyValuePair<string, string>> Read(byte[] stored)
    {
        if (stored.Length == 0)
        {
            return [];
        }

        var texts = Encoding.UTF8.GetString(stored).Split('\0');
        var headers = new KeyValuePair<string, string>[texts.Length / 2];
        for (var i = 0; i < headers.Length; i++)
        {
            headers[i] = KeyValuePair.Create(texts[2 * i], texts[(2 * i) + 1]);
        }

        return headers;
    }
}
