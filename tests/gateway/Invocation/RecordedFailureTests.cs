using System.Net.Http.Json;
using System.Text.Json.Nodes;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests.Invocation;

/// <summary>Tests the gateway with every recorded response of the real runtime to a service invocation, except success (tests/recordings).</summary>
public sealed class RecordedFailureTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    private const string Invoke = "invoke";
    private const string InvokeWithTimeout = "invoke_with_timeout_policy";
    private const string OrderPath = "/orders/0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e";

    /// <summary>Texts of the errors of the runtime. They must not reach a client.</summary>
    private static readonly string[] Internals =
        ["errorCode", "ERR_", "err:", "rpc", "desc", "dial", "tcp", "127.0.0.1", "localhost", "callee", "sidecar", "dapr", "deadline", "stream", "elsewhere", "from app"];

    /// <summary>
    /// Recordings without a request to the app, whose response does not prove that there was none. The slow app received the request, but it was
    /// recorded too late. The response about the killed sidecar describes only the last of three retries.
    /// </summary>
    private static readonly string[] UnknownOutcomes = [$"{InvokeWithTimeout}/slow_app_3s", $"{Invoke}/sidecar_killed"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Failures => Cases(recorded => !IsClientErrorOfTheApp(recorded));

    public static TheoryData<string, string> ClientErrors => Cases(IsClientErrorOfTheApp);

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Failed_invocation_is_a_problem_with_Retry_After_if_a_retry_is_safe(string file, string name)
    {
        var gateway = shared.Next();
        using var client = gateway.CreateClient();
        var recorded = Stub(gateway, file, name);
        var didNotRun = recorded["app_received"]!.AsArray().Count == 0 && !UnknownOutcomes.Contains($"{file}/{name}");
        var status = (int)recorded["response"]!["status"]! switch
        {
            431 => 431, // caused by the headers of the client, which are the same in a retry
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

            using var response = await client.SendAsync(post, Cancel);

            await AssertProblemAsync(response, status, canRetry: status is not 431 && (didNotRun || key is not null));
            var used = Assert.Single(response.Headers.GetValues("Idempotency-Key"));
            Assert.Equal(key ?? used, used);
            Assert.All(gateway.Sidecar.Server.LogEntries, entry => Assert.Equal(used, Assert.Single(entry.RequestMessage!.Headers!["Idempotency-Key"])));
            Assert.Equal(isRetried, gateway.Sidecar.Server.LogEntries.Count > 1);
            gateway.Sidecar.Server.ResetLogEntries();
        }

        using var read = await client.GetAsync(new Uri(OrderPath, UriKind.Relative), Cancel);
        await AssertProblemAsync(read, status, canRetry: status is not 431);
        Assert.Equal(isRetried, gateway.Sidecar.Server.LogEntries.Count > 1);
    }

    [Theory]
    [MemberData(nameof(ClientErrors))]
    public async Task Client_error_of_the_app_reaches_the_client_unchanged(string file, string name)
    {
        var gateway = shared.Next();
        using var client = gateway.CreateClient();
        var recorded = Stub(gateway, file, name)["response"]!;

        using var response = await client.GetAsync(new Uri(OrderPath, UriKind.Relative), Cancel);

        Assert.Equal((int)recorded["status"]!, (int)response.StatusCode);
        Assert.Equal((string?)recorded["body"], await response.Content.ReadAsStringAsync(Cancel));
        Assert.Single(gateway.Sidecar.Server.LogEntries);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, int status, bool canRetry)
    {
        var problem = await response.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(canRetry, response.Headers.Contains("Retry-After"));
        Assert.Null(response.Headers.Location);

        // The type and the title of a problem may contain "dapr" and "stream".
        problem = problem.Replace("urn:dapr-orders:problem:upstream", "", StringComparison.Ordinal).Replace("Upstream", "", StringComparison.Ordinal).Replace("urn:dapr-orders:", "", StringComparison.Ordinal);
        Assert.All(Internals, text => Assert.DoesNotContain(text, problem, StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsClientErrorOfTheApp(JsonNode recorded) =>
        (int)recorded["response"]!["status"]! is >= 400 and < 500 && recorded["app_received"]!.AsArray().Count > 0;

    /// <summary>The gateway retries these errors and 503 of the app. A retry would not change a redirect or another status of the app.</summary>
    private static bool IsErrorOfTheSidecar(JsonNode recorded) =>
        ((string)recorded["response"]!["body"]!).Contains("\"errorCode\"", StringComparison.Ordinal);

    private static JsonObject Read(string file) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "dapr", $"{file}.json")))!.AsObject();

    private static TheoryData<string, string> Cases(Func<JsonNode, bool> condition)
    {
        var cases = new TheoryData<string, string>();
        foreach (var file in (string[])[Invoke, InvokeWithTimeout])
        {
            foreach (var (name, recorded) in Read(file).Where(recording => (int)recording.Value!["response"]!["status"]! >= 300 && condition(recording.Value)))
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
        var stub = Response.Create().WithStatusCode((int)response["status"]!).WithBody((string)response["body"]!);
        foreach (var (header, value) in response["headers"]!.AsObject().Where(header => header.Key is "Content-Type" or "Location"))
        {
            stub = stub.WithHeader(header, (string)value!);
        }

        gateway.Sidecar.Server.Given(Request.Create().WithPath("/v1.0/invoke/order/*")).RespondWith(stub);
        return recorded;
    }
}
