using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DaprOrders.OrderService.Tests.Orders;

public sealed class BadBatchTests(SharedOrderService service) : IClassFixture<SharedOrderService>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The malformed single orders that are valid JSON.</summary>
    public static TheoryData<string> BadOrders => [.. BadInputTests.Bodies.Select(row => row.Data.Item1).Where(IsJson)];

    public static TheoryData<string, string> BadBatches => new()
    {
        { """{"orders":[]}""", PlaceOrdersTests.OrdersRule },
        { """{"orders":null}""", PlaceOrdersTests.OrdersRule },
        { """{"orders":{}}""", PlaceOrdersTests.OrdersRule },
        { """{"orders":"all"}""", PlaceOrdersTests.OrdersRule },
        { "{}", "orders is required." },
        { """{"orders":[{"item_id":"item-1","quantity":1}],"more":1}""", "The field more is not known" },
        { """{"orders":[{"item_id":"item-1","quantity":1}],"orders":[]}""", "The field orders has a value that is not allowed, or occurs twice" },
        { """{"orders":[{"item_id":"item-1","quantity":1},]}""", "line 1" },
        { """{"orders":[{"item_id":""", "line 1" },
        { """[{"item_id":"item-1","quantity":1}]""", "expected structure" },
        { "null", "body" },
        { "", "body" },
    };

    [Theory]
    [MemberData(nameof(BadOrders))]
    public async Task Malformed_order_has_the_same_problem_in_a_batch_as_alone(string order)
    {
        using var alone = await service.Client.PostAsync(new Uri("/orders", UriKind.Relative), PlaceOrdersTests.Json(order), Cancel);
        var expected = (await alone.Content.ReadFromJsonAsync<JsonObject>(Cancel))!;
        expected.Remove("trace_id");

        var results = await PlaceOrdersTests.PostAsync(service.Client, null, order);

        var result = Assert.Single(results)!;
        Assert.Equal(400, (int)result["status"]!);
        Assert.True(JsonNode.DeepEquals(expected, result["problem"]), $"Alone: {expected.ToJsonString()}, in a batch: {result["problem"]!.ToJsonString()}");
        await service.AssertNothingWasStoredAsync();
    }

    [Theory]
    [MemberData(nameof(BadBatches))]
    public async Task Malformed_batch_is_400_with_a_description_of_the_error(string body, string expected)
    {
        using var response = await service.Client.PostAsync(new Uri("/orders/batch", UriKind.Relative), PlaceOrdersTests.Json(body), Cancel);

        await PlaceOrdersTests.AssertProblemAsync(response, HttpStatusCode.BadRequest, expected);
        await service.AssertNothingWasStoredAsync();
    }

    private static bool IsJson(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
