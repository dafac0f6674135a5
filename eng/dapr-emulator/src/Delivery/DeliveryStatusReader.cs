using System.Text.Json;
using DaprOrders.DaprEmulator.Json;

namespace DaprOrders.DaprEmulator.Delivery;

internal enum DeliveryStatus
{
    Retry,
    Success,
    Drop,
}

/// <summary>Reads the status from an app's response to a delivery. As on Dapr, JSON names are case-insensitive and values are case-sensitive.</summary>
internal static class DeliveryStatusReader
{
    public static DeliveryStatus ReadSingle(int status, byte[] body) => status switch
    {
        404 => DeliveryStatus.Drop,
        < 200 or > 299 => DeliveryStatus.Retry,
        _ when body.Length == 0 => DeliveryStatus.Success,
        // As on Dapr, a body that is not JSON or has no status means success.
        _ => Read<SingleResponse>(body)?.Status is { Length: > 0 } text ? Parse(text) : DeliveryStatus.Success,
    };

    /// <summary>Reads the status of each entry of a bulk delivery. A status that is empty or unknown is <see cref="DeliveryStatus.Retry"/>.</summary>
    public static Dictionary<string, DeliveryStatus> ReadBulk(byte[] body)
    {
        var statuses = new Dictionary<string, DeliveryStatus>();
        foreach (var entry in Read<BulkResponse>(body)?.Statuses ?? [])
        {
            if (entry.EntryId is not null)
            {
                statuses[entry.EntryId] = Parse(entry.Status);
            }
        }

        return statuses;
    }

    private static DeliveryStatus Parse(string? status) => status switch
    {
        "SUCCESS" => DeliveryStatus.Success,
        "DROP" => DeliveryStatus.Drop,
        _ => DeliveryStatus.Retry,
    };

    private static T? Read<T>(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(JsonText.ReadFirst(body).Span, JsonText.SerializerOptions);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private sealed record SingleResponse(string? Status);

    private sealed record BulkResponse(List<EntryStatus>? Statuses);

    private readonly record struct EntryStatus(string? EntryId, string? Status);
}
