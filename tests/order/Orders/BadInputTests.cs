using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace DaprOrders.OrderService.Tests.Orders;

public sealed class BadInputTests(SharedOrderService service) : IClassFixture<SharedOrderService>
{
    private const string ValidBody = """{"item_id":"item-123","quantity":1}""";
    private const string ItemIdRule = "item_id must be 1 to 64 of A-Z, a-z, 0-9";
    private const string QuantityRule = "quantity must be a whole number from 1 to 1000";

    private static readonly string[] Internals = ["DaprOrders", "PlaceOrder", "System.", "Microsoft.", "   at ", "Exception", "Npgsql"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Bodies => new()
    {
        { """{"item_id":"item-123"}""", "quantity is required." },
        { """{"quantity":1}""", "item_id is required." },
        { "{}", "item_id is required." },
        { """{"item_id":"item-123","quantity":0}""", QuantityRule },
        { """{"item_id":"item-123","quantity":-1}""", QuantityRule },
        { """{"item_id":"item-123","quantity":1001}""", QuantityRule },
        { """{"item_id":"item-123","quantity":2147483648}""", QuantityRule },
        { """{"item_id":"item-123","quantity":1.5}""", QuantityRule },
        { """{"item_id":"item-123","quantity":1e999}""", QuantityRule },
        { """{"item_id":"item-123","quantity":"1"}""", QuantityRule },
        { """{"item_id":"item-123","quantity":null}""", "quantity is required." },
        { """{"item_id":"item-123","quantity":{}}""", QuantityRule },
        { """{"item_id":17,"quantity":1}""", ItemIdRule },
        { """{"item_id":null,"quantity":1}""", ItemIdRule },
        { """{"item_id":"","quantity":1}""", "item_id" },
        { $$"""{"item_id":"{{new string('a', 65)}}","quantity":1}""", ItemIdRule },
        { """{"item_id":"a/b","quantity":1}""", ItemIdRule },
        { """{"item_id":"a%2Fb","quantity":1}""", ItemIdRule },
        { """{"item_id":"..","quantity":1}""", ItemIdRule },
        { """{"item_id":"a\u0000b","quantity":1}""", ItemIdRule },
        { """{"item_id":"a\n","quantity":1}""", ItemIdRule },
        { """{"item_id":"item-😀","quantity":1}""", ItemIdRule },
        { """{"item_id":"\ud800","quantity":1}""", "item_id" },
        { """{"item_id":"item-123","quantity":1,"price":2}""", "The field price is not known (line 1, byte " },
        { """{"Item_Id":"item-123","quantity":1}""", "The field Item_Id is not known" },
        { """{"item_id":"item-123","quantity":1,"quantity":2}""", "The field quantity has a value that is not allowed, or occurs twice" },
        { $$"""{"item_id":{{new string('[', 63)}}{{new string(']', 63)}},"quantity":1}""", ItemIdRule },
        { """{"item_id":"item-123","quantity":1,}""", "line 1" },
        { """{"item_id":"item-123","quantity":1} {}""", "line 1" },
        { """{"item_id":""", "line 1" },
        { "[]", "expected structure" },
        { "17", "expected structure" },
        { "null", "body" },
        { "", "body" },
        { new string('[', 1000), "expected structure" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Malformed_order_is_400_with_the_field_and_its_rule(string body, string expected)
    {
        using var content = new StringContent(body, null, "application/json");
        await AssertRefusedAsync(content, HttpStatusCode.BadRequest, expected);
    }

    [Fact]
    public async Task Body_that_is_not_UTF_8_is_400()
    {
        using var content = new ByteArrayContent([.. """{"item_id":"a"""u8, 0xff, .. "\",\"quantity\":1}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        await AssertRefusedAsync(content, HttpStatusCode.BadRequest, "item_id");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=no-such-thing")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task Body_without_a_JSON_content_type_is_415(string? contentType)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(ValidBody));
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        await AssertRefusedAsync(content, HttpStatusCode.UnsupportedMediaType, "Content-Type: application/json");
    }

    [Fact]
    public async Task Compressed_body_is_415()
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(ValidBody));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.ContentEncoding.Add("gzip");

        await AssertRefusedAsync(content, HttpStatusCode.UnsupportedMediaType, "without compression");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_over_64_KiB_is_413_with_or_without_a_length(bool chunked)
    {
        using var content = new StringContent(ValidBody + new string(' ', 64 << 10), null, "application/json");
        await AssertRefusedAsync(content, HttpStatusCode.RequestEntityTooLarge, "65536 bytes", chunked);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("ключ")]
    [InlineData("a\u007fb")]
    [InlineData("256")]
    public async Task Malformed_idempotency_key_is_400(string key)
    {
        using var content = new StringContent(ValidBody, null, "application/json");
        await AssertRefusedAsync(
            content, HttpStatusCode.BadRequest, "Idempotency-Key must be sent once, with 1 to 255 visible ASCII", key: key is "256" ? new string('k', 256) : key);
    }

    [Theory]
    [InlineData("GET", "/orders/17", 400, "id must be a UUID like 0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e, but was '17'.")]
    [InlineData("GET", "/orders/0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e%20", 400, "id must be a UUID")]
    [InlineData("GET", "/orders/0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e?wait=5", 400, "wait must be")]
    [InlineData("GET", "/orders/0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e?wait=31s", 400, "a time of up to 30 s")]
    [InlineData("GET", "/orders/0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e?wait=1s&wait=1s", 400, "wait must be")]
    [InlineData("GET", "/orders/0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e", 404, "")]
    [InlineData("GET", "/nothing", 404, "")]
    [InlineData("GET", "/", 404, "")]
    [InlineData("PUT", "/orders", 405, "")]
    [InlineData("DELETE", "/orders/0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e", 405, "")]
    [InlineData("NONSENSE", "/orders", 405, "")]
    public async Task Request_that_no_route_handles_is_a_problem(string method, string path, int status, string expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        request.Headers.Add("Accept", "text/plain");

        using var response = await service.Client.SendAsync(request, Cancel);

        await AssertProblemAsync(response, (HttpStatusCode)status, expected);
        Assert.Equal(status is 405, response.Content.Headers.Allow.Count > 0);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string expected)
    {
        var problem = await response.Content.ReadAsStringAsync(Cancel);
        Assert.Equal((status, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Contains(expected, System.Text.RegularExpressions.Regex.Unescape(problem), StringComparison.Ordinal);
        Assert.All(Internals, text => Assert.DoesNotContain(text, problem, StringComparison.OrdinalIgnoreCase));
    }

    private async Task AssertRefusedAsync(
        HttpContent content, HttpStatusCode status, string expected, bool chunked = false, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = content };
        request.Headers.TransferEncodingChunked = chunked;
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        using var response = await service.Client.SendAsync(request, Cancel);

        await AssertProblemAsync(response, status, expected);
        await service.AssertNothingWasStoredAsync();
    }
}
