using System.Text.Json.Nodes;

namespace DaprOrders.Contracts.Tests.Exchanges;

/// <summary>Tests which differences from an exchange the comparison reports, and which it allows.</summary>
public sealed class ComparisonTests
{
    private const string Id = "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e";
    private const string Other = "0199b0c2-81b7-7f02-8a44-0d9e3c5b7a61";

    private const string Example =
        $$"""
        {
          "status": 201,
          "headers": { "Content-Type": "application/json; charset=utf-8", "Location": "/orders/{{Id}}" },
          "body": { "id": "{{Id}}", "quantity": 1, "status": "pending", "created_at": "2026-11-23T08:20:07.502793+00:00", "items": [{ "order_id": "{{Id}}", "available": 3 }], "next": "abc" }
        }
        """;

    private const string Problem =
        """
        {
          "status": 400,
          "headers": { "Content-Type": "application/problem+json" },
          "body": { "title": "One or more validation errors occurred.", "status": 400, "errors": { "limit": ["limit must be …"] } }
        }
        """;

    [Theory]
    [InlineData("", "")]
    [InlineData(Id, Other)]
    [InlineData("2026-11-23T08:20:07.502793+00:00", "2027-01-01T00:00:00Z")]
    [InlineData("\"available\": 3", "\"available\": 2000000")]
    [InlineData("\"abc\"", "\"another cursor\"")]
    [InlineData("\"quantity\": 1", "\"quantity\": 1, \"channel\": \"web\"")]
    [InlineData("application/json; charset=utf-8", "application/json")]
    public void Allowed_difference_is_not_reported(string from, string to) => Assert.Empty(Differences(Example, from, to));

    [Theory]
    [InlineData("201", "200", "status")]
    [InlineData("application/json; charset=utf-8", "text/plain", "Content-Type")]
    [InlineData($"/orders/{Id}", $"/orders/{Other}", "Location")]
    [InlineData($"\"id\": \"{Id}\"", $"\"id\": \"{Other}\"", "body.items[0].order_id")]
    [InlineData($"\"id\": \"{Id}\"", "\"id\": \"17\"", "body.id")]
    [InlineData("\"quantity\": 1,", "", "body.quantity")]
    [InlineData("\"quantity\": 1", "\"quantity\": \"1\"", "body.quantity")]
    [InlineData("\"quantity\": 1", "\"quantity\": 2", "body.quantity")]
    [InlineData("\"pending\"", "\"Pending\"", "body.status")]
    [InlineData("2026-11-23T08:20:07.502793+00:00", "2026-11-23 08:20:07", "body.created_at")]
    [InlineData("2026-11-23T08:20:07.502793+00:00", "2026-11-23T08:20:07.5027931+00:00", "body.created_at")]
    [InlineData("\"available\": 3", "\"available\": -1", "body.items[0].available")]
    [InlineData("\"abc\"", "null", "body.next")]
    [InlineData("\"abc\"", "\"\"", "body.next")]
    [InlineData("[{", "[{}, {", "body.items")]
    [InlineData("\"Location\"", "\"Idempotency-Replayed\": \"true\", \"Location\"", "Idempotency-Replayed")]
    public void Other_difference_is_reported_with_its_path(string from, string to, string path) => Assert.Contains(
        Differences(Example, from, to), difference => difference.StartsWith($"{path}:", StringComparison.Ordinal));

    [Theory]
    [InlineData("One or more validation errors occurred.", "Another text.")]
    [InlineData("limit must be …", "no")]
    public void Texts_of_a_problem_may_differ(string from, string to) => Assert.Empty(Differences(Problem, from, to));

    [Theory]
    [InlineData("\"limit\":", "\"Limit\":", "body.errors")]
    [InlineData("\"status\": 400, \"errors\"", "\"errors\"", "body.status")]
    [InlineData("One or more validation errors occurred.", "", "body.title")]
    [InlineData("application/problem+json", "application/json", "Content-Type")]
    public void Other_difference_in_a_problem_is_reported_with_its_path(string from, string to, string path) => Assert.Contains(
        Differences(Problem, from, to), difference => difference.StartsWith($"{path}:", StringComparison.Ordinal));

    [Theory]
    [InlineData("Another text.", "no", "")]
    [InlineData("\"quantity\":", "\"Quantity\":", "data.results[0].problem.errors")]
    [InlineData("\"status\":400,\"errors\"", "\"status\":422,\"errors\"", "data.results[0].problem.status")]
    public void Problem_of_a_batch_entry_is_compared_as_a_problem(string from, string to, string path)
    {
        const string Entry = """{"results":[{"status":400,"problem":{"title":"Another text.","status":400,"errors":{"quantity":["no"]}}}]}""";

        var differences = Comparison.Of(JsonNode.Parse(Entry), JsonNode.Parse(Entry.Replace(from, to, StringComparison.Ordinal)), new Bindings());

        Assert.Equal(path.Length == 0 ? [] : [path], differences.Select(difference => difference.Split(':')[0]));
    }

    [Fact]
    public void Same_id_or_time_in_two_examples_must_be_the_same_in_both_responses()
    {
        var bindings = new Bindings();
        Assert.Empty(Comparison.Of(JsonNode.Parse($$"""{"id":"{{Id}}","at":"2026-11-23T08:20:07Z"}"""), JsonNode.Parse($$"""{"id":"{{Other}}","at":"2027-01-01T00:00:00Z"}"""), bindings));

        var later = Comparison.Of(JsonNode.Parse($$"""{"id":"{{Id}}","at":"2026-11-23T08:20:07Z"}"""), JsonNode.Parse($$"""{"id":"{{Id}}","at":"2027-01-01T00:00:01Z"}"""), bindings);

        Assert.Equal(2, later.Count);
        Assert.Equal($"/orders/{Other}", bindings.Resolve($"/orders/{Id}"));
    }

    private static IReadOnlyList<string> Differences(string example, string from, string to)
    {
        Assert.Contains(from, example, StringComparison.Ordinal);
        var actual = from.Length == 0 ? example : example.Replace(from, to, StringComparison.Ordinal);
        return Comparison.Of(ExchangeFile.Message(JsonNode.Parse(example)!), ExchangeFile.Message(JsonNode.Parse(actual)!), new Bindings());
    }
}
