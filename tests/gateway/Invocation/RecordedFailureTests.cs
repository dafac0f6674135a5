using System.Net.Http.Json;
using System.Text.Json.Nodes;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests.Invocation;

/// <summary>Everything but success that the real runtime was seen to answer to a service invocation (tests/recordings).</summary>
public sealed class RecordedFailureTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private const string Invoke = "invoke";
    private const string InvokeWithTimeout = "invoke_with_timeout_policy";
    private const string AnOrder = "/orders/0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e";

    /// <summary>Words that only errors of the runtime contain.</summary>
    private static readonly string[] Internals =
        ["errorCode", "ERR_", "err:", "rpc", "desc", "dial", "tcp", "127.0.0.1", "localhost", "callee", "sidecar", "dapr", "deadline", "stream", "elsewhere", "from app"];

    /// <summary>
    /// The recorder saw the request reach no app, but the answer does not say so for certain: the slow app got it and was recorded later, and
    /// of three retries only the last one's end is told.
    /// </summary>
    private static readonly string[] NotCertain = [$"{InvokeWithTimeout}/slow_app_3s", $"{Invoke}/sidecar_killed"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Failures => Cases(recorded => !IsRefusalOfTheApp(recorded));

    public static TheoryData<string, string> Refusals => Cases(IsRefusalOfTheApp);

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Failed_invocation_is_a_problem_that_tells_whether_to_retry(string file, string name)
    {
        var gateway = shared.Next();
        using var client = gateway.CreateClient();
        var recorded = Stub(gateway, file, name);
        var didNotRun = recorded["app_received"]!.AsArray().Count == 0 && !NotCertain.Contains($"{file}/{name}");
        var status = (int)recorded["response"]!["status"]! switch
        {
            431 => 431, // the client's own headers, passed on: repeating them does not help
            503 => 503,
            _ => didNotRun ? 503 : 502,
        };
        var isRetried = status is 503 || IsErrorOfTheSidecar(recorded);

        foreach (var key in (string?[])["my-key", null])
        {
            using var post = new HttpRequestMessage(HttpMethod.Post, "/orders");
            post.Content = JsonContent.Create(new { item_id = "item-123", quantity = 1 });
            if (key is not null)
            {
                post.Headers.Add("Idempotency-Key", key);
            }

            using var answer = await client.SendAsync(post, Cancel);

            await AssertProblemAsync(answer, status, mayRepeat: status is not 431 && (didNotRun || key is not null));
            var used = Assert.Single(answer.Headers.GetValues("Idempotency-Key"));
            Assert.Equal(key ?? used, used);
            Assert.All(gateway.Sidecar.Server.LogEntries, entry => Assert.Equal(used, Assert.Single(entry.RequestMessage!.Headers!["Idempotency-Key"])));
            Assert.Equal(isRetried, gateway.Sidecar.Server.LogEntries.Count > 1);
            gateway.Sidecar.Server.ResetLogEntries();
        }

        using var read = await client.GetAsync(new Uri(AnOrder, UriKind.Relative), Cancel);
        await AssertProblemAsync(read, status, mayRepeat: status is not 431);
        Assert.Equal(isRetried, gateway.Sidecar.Server.LogEntries.Count > 1);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Refusal_by_the_app_reaches_the_client_unchanged(string file, string name)
    {
        var gateway = shared.Next();
        using var client = gateway.CreateClient();
        var recorded = Stub(gateway, file, name)["response"]!;

        using var answer = await client.GetAsync(new Uri(AnOrder, UriKind.Relative), Cancel);

        Assert.Equal((int)recorded["status"]!, (int)answer.StatusCode);
        Assert.Equal((string?)recorded["body"], await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Single(gateway.Sidecar.Server.LogEntries);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage answer, int status, bool mayRepeat)
    {
        var problem = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(mayRepeat, answer.Headers.Contains("Retry-After"));
        Assert.Null(answer.Headers.Location);
        problem = problem.Replace("urn:dapr-orders:problem:upstream", "", StringComparison.Ordinal).Replace("Upstream", "", StringComparison.Ordinal).Replace("urn:dapr-orders:", "", StringComparison.Ordinal);
        Assert.All(Internals, word => Assert.DoesNotContain(word, problem, StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsRefusalOfTheApp(JsonNode recorded) =>
        (int)recorded["response"]!["status"]! is >= 400 and < 500 && recorded["app_received"]!.AsArray().Count > 0;

    /// <summary>Only these, and 503 of an app, can pass when they are retried. A redirect or another status of the app would be the same again.</summary>
    private static bool IsErrorOfTheSidecar(JsonNode recorded) =>
        ((string)recorded["response"]!["body"]!).Contains("\"errorCode\"", StringComparison.Ordinal);

    private static JsonObject Read(string file) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "dapr", $"{file}.json")))!.AsObject();

    private static TheoryData<string, string> Cases(Func<JsonNode, bool> condition)
    {
        var cases = new TheoryData<string, string>();
        foreach (var file in (string[])[Invoke, InvokeWithTimeout])
        {
            foreach (var (name, recorded) in Read(file).Where(one => (int)one.Value!["response"]!["status"]! >= 300 && condition(one.Value)))
            {
                cases.Add(file, name);
            }
        }

        return cases;
    }

    private static JsonNode Stub(GatewayHost gateway, string file, string name)
    {
        var recorded = Read(file)[name]!;
        var response = recorded["response"]!;
        var answer = Response.Create().WithStatusCode((int)response["status"]!).WithBody((string)response["body"]!);
        foreach (var (header, value) in response["headers"]!.AsObject().Where(header => header.Key is "Content-Type" or "Location"))
        {
            answer = answer.WithHeader(header, (string)value!);
        }

        gateway.Sidecar.Server.Given(Request.Create().WithPath("/v1.0/invoke/order/*")).RespondWith(answer);
        return recorded;
    }
}
