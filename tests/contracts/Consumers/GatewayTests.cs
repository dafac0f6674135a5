using System.Net;
using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.OpenApi;
using WireMock.RequestBuilders;

namespace DaprOrders.Contracts.Tests.Consumers;

/// <summary>The gateway against everything that a service may answer by the contract, and everything that a sidecar was seen to answer instead.</summary>
public sealed class GatewayTests
{
    /// <summary>One request to each service, for the failures, in which the service plays no part.</summary>
    private static readonly Dictionary<string, string> Sample = new()
    {
        ["order"] = "an order is placed",
        ["inventory"] = "the stock of an item is read",
        ["notification"] = "a reserved order is notified",
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

    /// <summary>All that is neither success nor the word of an app that refuses a request.</summary>
    public static TheoryData<string, string> Failures => Recordings.Cases(["invoke", "invoke_with_timeout_policy"], recorded =>
        (int)recorded["response"]!["status"]! >= 300
        && !((int)recorded["response"]!["status"]! is >= 400 and < 500 && recorded["app_received"]!.AsArray().Count > 0));

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task The_gateway_asks_a_service_as_the_contract_says_and_gives_its_answer_on_as_it_is(string service, string name)
    {
        await using var host = new GatewayHost();
        await using var gateway = host.Start();
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
    public async Task Whatever_a_sidecar_answers_instead_of_the_service_is_a_problem_that_the_gateways_document_names(string file, string name)
    {
        foreach (var (service, exchangeName) in Sample)
        {
            await using var host = new GatewayHost();
            await using var gateway = host.Start();
            var exchange = ExchangeFile.Of(service).Exchanges[exchangeName];
            host.Sidecar.Server.Given(GatewayHost.RequestOf(service, exchange.Request))
                .RespondWith(GatewayHost.Answer(Recordings.Answer(Recordings.Read(file)[name]!)));

            var answer = await gateway.SendAsync(exchange.Request, new Bindings(keepExamples: true));

            Assert.NotEmpty(host.Sidecar.Server.LogEntries);
            Assert.InRange(answer.Status, 431, 503);
            Assert.Empty(OpenApiFile.Of("gateway").Violations(exchange.Request, answer));
            Assert.Contains((string)answer.Body!["title"]!, OpenApiFile.Of("gateway").ProblemTitles(exchange.Request, answer.Status));
        }
    }

    [Fact]
    public async Task An_order_that_was_placed_without_an_answer_in_time_is_asked_for_again_by_its_key_and_is_still_one()
    {
        await using var host = new GatewayHost { Time = TimeProvider.System };
        await using var gateway = host.Start();
        var exchanges = ExchangeFile.Of("order").Exchanges;
        var (placed, again) = (exchanges["an order is placed"], exchanges["the same request again is the same order"]);
        var post = GatewayHost.RequestOf("order", placed.Request);
        host.Sidecar.Server.Given(post).InScenario("late").WillSetStateTo("placed")
            .RespondWith(GatewayHost.Answer(placed.Response).WithDelay(TimeSpan.FromSeconds(20)));
        host.Sidecar.Server.Given(post).InScenario("late").WhenStateIs("placed").RespondWith(GatewayHost.Answer(again.Response));

        var answer = await gateway.SendAsync(placed.Request, new Bindings(keepExamples: true));

        Assert.Equal((int)HttpStatusCode.Created, answer.Status);
        Assert.Equal("true", answer.Headers["Idempotency-Replayed"]);
        Assert.True(JsonNode.DeepEquals(again.Response.Body, answer.Body));
        Assert.Equal(placed.Request.Headers["Idempotency-Key"], answer.Headers["Idempotency-Key"]);
    }

    [Fact]
    public async Task A_call_that_no_stub_expects_fails_the_test()
    {
        await using var host = new GatewayHost();
        var gateway = host.Start();
        host.Sidecar.Server.Given(Request.Create().WithPath("/v1.0/invoke/order/method/orders")).RespondWith(
            GatewayHost.Answer(new HttpMessage(null, null, 200, [], null)));

        using var response = await gateway.Http.GetAsync(new Uri("/inventory", UriKind.Relative), Cancel);

        var failure = await Assert.ThrowsAnyAsync<Exception>(async () => await gateway.DisposeAsync());
        Assert.Contains("/v1.0/invoke/inventory/method/inventory", failure.Message, StringComparison.Ordinal);
    }
}
