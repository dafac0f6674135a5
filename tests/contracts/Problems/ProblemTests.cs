extern alias gateway;
extern alias order;

using System.Reflection;
using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Contracts.Tests.Problems;

/// <summary>Checks that contracts/http/problems.json lists the problems that the services return.</summary>
public sealed class ProblemTests
{
    private static readonly JsonArray Listed = ContractFiles.Read("http", "problems.json")["problems"]!.AsArray();

    [Fact]
    public void Listed_problems_are_those_of_the_code_with_their_statuses()
    {
        Assembly[] assemblies = [typeof(Problem).Assembly, typeof(gateway::Program).Assembly, typeof(order::Program).Assembly];
        var problems = assemblies.SelectMany(assembly => assembly.GetTypes()).SelectMany(Problems).ToList();

        Assert.Equal(
            Listed.Select(listed => (string)listed!["type"]!).Order(StringComparer.Ordinal),
            problems.Select(problem => problem.Type).Distinct().Order(StringComparer.Ordinal));
        Assert.All(problems, problem => Assert.Contains(problem.Status, Statuses(problem.Type)));
        Assert.All(Listed, listed => Assert.NotEmpty((string)listed!["meaning"]!));
    }

    [Theory]
    [InlineData("order")]
    [InlineData("inventory")]
    [InlineData("notification")]
    public void Every_problem_of_an_exchange_is_listed_with_its_status(string service)
    {
        foreach (var exchange in ExchangeFile.Of(service).Exchanges.Values)
        {
            var body = exchange.Response.Body as JsonObject;
            var inBatch = (body?["results"] as JsonArray ?? []).Select(result => result!["problem"]);
            foreach (var problem in inBatch.Append(exchange.Response.Status >= 400 ? body : null).OfType<JsonObject>())
            {
                Assert.Contains((int)problem["status"]!, Statuses((string)problem["type"]!));
            }
        }
    }

    private static IEnumerable<int> Statuses(string type) =>
        Listed.Single(listed => (string)listed!["type"]! == type)!["status"]!.AsArray().Select(status => (int)status!);

    private static IEnumerable<Problem> Problems(Type type)
    {
        const BindingFlags Static = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        return type.ContainsGenericParameters
            ? []
            : type.GetFields(Static).Where(field => field.FieldType == typeof(Problem)).Select(field => (Problem)field.GetValue(null)!);
    }
}
