using System.Text.Json.Nodes;

namespace DaprOrders.Contracts.Tests.Compatibility;

/// <summary>
/// The part of an exchange that clients may rely on: requests, responses and events. The names of exchanges and the texts of problems are left
/// out. The type of a problem is left out too, because it has changed since 1.0, where it was a link to the status.
/// </summary>
internal static class ExchangePromise
{
    public static JsonNode Of(JsonNode exchange, JsonNode file)
    {
        var promise = exchange.DeepClone().AsObject();
        promise.Remove("name");
        promise["given"] = new JsonArray([.. (exchange["given"]?.AsArray() ?? []).Select(step => Resolve(step!, file))]);
        foreach (var problem in Problems(promise))
        {
            problem.Remove("type");
            problem.Remove("title");
            problem.Remove("detail");
            if (problem["errors"] is JsonObject errors)
            {
                problem["errors"] = new JsonArray([.. errors.Select(error => (JsonNode)error.Key)]);
            }
        }

        return promise;
    }

    /// <summary>Returns whether a promise is kept. A problem that had no errors may have some now.</summary>
    public static bool IsKept(JsonNode before, JsonNode now)
    {
        foreach (var (problem, current) in Problems(before).Zip(Problems(now)))
        {
            if (!problem.ContainsKey("errors"))
            {
                current.Remove("errors");
            }
        }

        return JsonNode.DeepEquals(before, now);
    }

    /// <summary>Replaces the name of another exchange with its request.</summary>
    private static JsonNode Resolve(JsonNode step, JsonNode file) => step is JsonValue name
        ? file["exchanges"]!.AsArray().Single(exchange => (string)exchange!["name"]! == (string)name!)!["request"]!.DeepClone()
        : step.DeepClone();

    /// <summary>Returns the problem in a response, or the problems in the results of a batch.</summary>
    private static IEnumerable<JsonObject> Problems(JsonNode exchange) => exchange["response"] switch
    {
        JsonObject response when (int?)response["status"] >= 400 && response["body"] is JsonObject problem => [problem],
        JsonObject response when response["body"] is JsonObject body =>
            (body["results"] as JsonArray ?? []).Select(result => result!["problem"]).OfType<JsonObject>(),
        _ => [],
    };
}
