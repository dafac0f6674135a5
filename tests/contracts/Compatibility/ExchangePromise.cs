using System.Text.Json.Nodes;

namespace DaprOrders.Contracts.Tests.Compatibility;

/// <summary>
/// The part of an exchange that is a promise: requests, responses and events, but neither the names of exchanges nor the type and the texts of
/// problems. The type of a problem is a promise from version 1.1 on; in 1.0 it was a link to the status.
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

    /// <summary>Returns whether a promise is kept. A problem may have gained errors.</summary>
    public static bool IsKept(JsonNode before, JsonNode now)
    {
        foreach (var (problem, other) in Problems(before).Zip(Problems(now)))
        {
            if (!problem.ContainsKey("errors"))
            {
                other.Remove("errors");
            }
        }

        return JsonNode.DeepEquals(before, now);
    }

    /// <summary>Replaces the name of an earlier exchange by its request.</summary>
    private static JsonNode Resolve(JsonNode step, JsonNode file) => step is JsonValue name
        ? file["exchanges"]!.AsArray().Single(exchange => (string)exchange!["name"]! == (string)name!)!["request"]!.DeepClone()
        : step.DeepClone();

    /// <summary>Returns the problem that a response is, or those of a batch.</summary>
    private static IEnumerable<JsonObject> Problems(JsonNode exchange) => exchange["response"] switch
    {
        JsonObject response when (int?)response["status"] >= 400 && response["body"] is JsonObject problem => [problem],
        JsonObject response when response["body"] is JsonObject body =>
            (body["results"] as JsonArray ?? []).Select(result => result!["problem"]).OfType<JsonObject>(),
        _ => [],
    };
}
