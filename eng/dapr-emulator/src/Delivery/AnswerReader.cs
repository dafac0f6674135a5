using System.Text.Json;
using DaprOrders.DaprEmulator.Json;

namespace DaprOrders.DaprEmulator.Delivery;

internal enum Answer
{
    Retry,
    Success,
    Drop,
}

/// <summary>Reads what an app answers to deliveries. Names of fields are read without case, their values are not.</summary>
internal static class AnswerReader
{
    public static Answer OfSingle(int status, byte[] body) => status switch
    {
        404 => Answer.Drop,
        < 200 or > 299 => Answer.Retry,
        _ when body.Length == 0 => Answer.Success,
        // A body without a status, or one that is not JSON, is a success.
        _ => Read<SingleAnswer>(body)?.Status is { Length: > 0 } text ? OfText(text) : Answer.Success,
    };

    /// <summary>Reads the statuses of a bulk delivery; a missing, empty or unknown one is <see cref="Answer.Retry"/>.</summary>
    public static Dictionary<string, Answer> OfBulk(byte[] body)
    {
        var answers = new Dictionary<string, Answer>();
        foreach (var entry in Read<BulkAnswer>(body)?.Statuses ?? [])
        {
            if (entry.EntryId is not null)
            {
                answers[entry.EntryId] = OfText(entry.Status);
            }
        }

        return answers;
    }

    private static Answer OfText(string? status) => status switch
    {
        "SUCCESS" => Answer.Success,
        "DROP" => Answer.Drop,
        _ => Answer.Retry,
    };

    private static T? Read<T>(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(JsonText.ReadFirst(body).Span, JsonText.Wire);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private sealed record SingleAnswer(string? Status);

    private sealed record BulkAnswer(List<EntryAnswer>? Statuses);

    private readonly record struct EntryAnswer(string? EntryId, string? Status);
}
