using System.Text.Json;
using DaprOrders.DaprEmulator.Publishing;

namespace DaprOrders.DaprEmulator.Delivery;

internal enum Answer
{
    Retry,
    Success,
    Drop,
}

/// <summary>Reads what an app answers to deliveries. The name of the field is read without case, its value is not.</summary>
internal static class AnswerReader
{
    public static Answer OfSingle(int status, byte[] body)
    {
        if (status == 404)
        {
            return Answer.Drop;
        }

        if (status is < 200 or > 299)
        {
            return Answer.Retry;
        }

        if (body.Length == 0)
        {
            return Answer.Success;
        }

        try
        {
            using var json = GoJson.ReadFirst(body);
            return Member(json.RootElement, "status") is not { ValueKind: JsonValueKind.String } text
                ? Answer.Success
                : text.GetString() is "" ? Answer.Success : OfText(text.GetString());
        }
        catch (JsonException)
        {
            return Answer.Success;
        }
    }

    /// <summary>Reads the statuses of a bulk delivery; what is missing, empty or unknown is <see cref="Answer.Retry"/>.</summary>
    public static Dictionary<string, Answer> OfBulk(byte[] body)
    {
        var answers = new Dictionary<string, Answer>();
        try
        {
            using var json = GoJson.ReadFirst(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object || Member(json.RootElement, "statuses") is not { ValueKind: JsonValueKind.Array } statuses)
            {
                return answers;
            }

            foreach (var entry in statuses.EnumerateArray())
            {
                // One field of another type, and Go reads none of it.
                if (entry.ValueKind != JsonValueKind.Object || !IsText(Member(entry, "entryId")) || !IsText(Member(entry, "status")))
                {
                    return [];
                }

                if (Member(entry, "entryId") is { ValueKind: JsonValueKind.String } id)
                {
                    answers[id.GetString()!] = OfText(Member(entry, "status") is { ValueKind: JsonValueKind.String } text ? text.GetString() : null);
                }
            }
        }
        catch (JsonException)
        {
            answers.Clear();
        }

        return answers;
    }

    private static bool IsText(JsonElement? value) => value is null or { ValueKind: JsonValueKind.String or JsonValueKind.Null };

    private static Answer OfText(string? status) => status switch
    {
        "SUCCESS" => Answer.Success,
        "DROP" => Answer.Drop,
        _ => Answer.Retry,
    };

    private static JsonElement? Member(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (element.TryGetProperty(name, out var exact))
        {
            return exact;
        }

        foreach (var property in element.EnumerateObject())
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return property.Value;
            }
        }

        return null;
    }
}
