using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.OpenApi;
using DaprOrders.Contracts.Tests.Providers;

namespace DaprOrders.Contracts.Tests.Consumers;

/// <summary>Tests the gateway with every response in the contract, and with every recorded failure of the sidecar.</summary>
public sealed class GatewayTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    /// <summary>For each service, the exchange whose request is used to test failures.</summary>
    private static readonly Dictionary<string, string> FailureExchanges = new()
    {
        ["order"] = "places an order",
        ["inventory"] = "reads the stock of an item",
        ["notification"] = "notifies of a reserved order",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Exchanges
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var service in ExchangeFile.Services)
            {
                foreach (var name in ExchangeFile.Of(service).Exchanges.Keys)
                {
                    cases.Add(service, name);
                }
            }

            return cases;
        }
    }

    /// <summary>The recorded responses, except success and except 4xx responses of the app.</summary>
    public static TheoryData<string, string> Failures => Recordings.Cases(["invoke", "invoke_with_timeout_policy"], recorded =>
        (int)recorded["response"]!["status"]! >= 300
        && !((int)recorded["response"]!["status"]! is >= 400 and < 500 && recorded["app_received"]!.AsArray().Count > 0));

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task Gateway_calls_a_service_by_the_contract_and_forwards_the_response_unchanged(string service, string name)
    {
        var host = shared.Host;
        await using var gateway = host.Next();
        var exchange = ExchangeFile.Of(service).Exchanges[name];
        host.Expect(service, exchange);

        using var request = new HttpRequestMessage(new HttpMethod(exchange.Request.Method!), new Uri(exchange.Request.Path!, UriKind.Relative));
        request.Content = exchange.Request.Content is { } body ? new StringContent(body) : null;
        foreach (var (header, value) in exchange.Request.Headers)
        {
            _ = header == "Content-Type"
                ? request.Content!.Headers.Remove(header) && request.Content.Headers.TryAddWithoutValidation(header, value)
                : request.Headers.TryAddWithoutValidation(header, value);
        }

        using var response = await gateway.Http.SendAsync(request, Cancel);

        if (host.Sidecar.Server.LogEntries.Count == 0)
        {
            // The gateway refused the request itself. Its response must be the same as that of the service.
            Assert.Empty(Comparison.Of(exchange.Response, await Provider.ReadAsync(response), new Bindings()));
            return;
        }

        Assert.Equal(exchange.Response.Content, await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(exchange.Response.Status, (int)response.StatusCode);
        foreach (var (header, value) in exchange.Response.Headers)
        {
            Assert.Equal(value, header == "Content-Type" ? $"{response.Content.Headers.ContentType}" : Assert.Single(response.Headers.GetValues(header)));
        }

        Assert.Single(host.Sidecar.Server.LogEntries);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Failed_invocation_is_a_problem_that_the_OpenAPI_document_describes(string file, string name)
    {
        var recorded = Recordings.Read(file)[name]!;
        foreach (var (service, exchangeName) in FailureExchanges)
        {
            var host = shared.Host;
            await using var gateway = host.Next();
            var exchange = ExchangeFile.Of(service).Exchanges[exchangeName];
            host.Sidecar.Server.Given(GatewayHost.RequestOf(service, exchange.Request))
                .RespondWith(GatewayHost.ResponseOf(Recordings.ResponseOf(recorded)));

            var response = await gateway.SendAsync(exchange.Request, new Bindings(keepExamples: true));

            Assert.Equal(IsRetried(recorded), host.Sidecar.Server.LogEntries.Count > 1);
            Assert.InRange(response.Status, 431, 503);
            Assert.Empty(OpenApiFile.Of("gateway").Violations(exchange.Request, response));
        }
    }

    /// <summary>The gateway retries errors of the sidecar and 503 of the app. A retry would not change any other response.</summary>
    private static bool IsRetried(JsonNode recorded) =>
        (int)recorded["response"]!["status"]! is 503
        || ((string)recorded["response"]!["body"]!).Contains("\"errorCode\"", StringComparison.Ordinal);
}
