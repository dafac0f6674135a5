using System.Buffers.Text;
using System.Net;

namespace DaprOrders.OrderService.Tests.Orders;

public sealed class BadListTests(SharedOrderService service) : IClassFixture<SharedOrderService>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> BadCursors =>
    [
        "",
        "abc",
        new string('A', 31),
        new string('A', 33),
        new string('%', 32),
        new string('é', 32),
        new string('A', 32), // the year 1
        Cursor(long.MaxValue),
        Cursor(-1),
        Cursor(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks + 1), // PostgreSQL keeps whole microseconds
        Cursor(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks)[..24] + "        ",
    ];

    [Theory]
    [InlineData("limit=0", "limit must be a whole number from 1 to 200, but was '0'.")]
    [InlineData("limit=201", "limit must be")]
    [InlineData("limit=-1", "limit must be")]
    [InlineData("limit=1.5", "limit must be")]
    [InlineData("limit=2147483648", "limit must be")]
    [InlineData("limit=%201", "limit must be")]
    [InlineData("limit=ten", "limit must be")]
    [InlineData("limit=", "limit must be")]
    [InlineData("limit=1&limit=2", "limit must be")]
    [InlineData("status=Pending", "status must be one of pending, confirmed, rejected, but was 'Pending'.")]
    [InlineData("status=0", "status must be")]
    [InlineData("status=pending,confirmed", "status must be")]
    [InlineData("status=pending&status=confirmed", "status must be")]
    [InlineData("status=%00", "status must be")]
    [InlineData("status=", "status must be")]
    public async Task Malformed_parameter_is_400_with_its_rule(string query, string rule) =>
        await AssertRefusedAsync($"/orders?{query}", rule);

    [Theory]
    [MemberData(nameof(BadCursors))]
    public async Task Malformed_cursor_is_400(string cursor) =>
        await AssertRefusedAsync($"/orders?cursor={Uri.EscapeDataString(cursor)}", "cursor must be the value of next in an earlier page of this list");

    private async Task AssertRefusedAsync(string path, string rule)
    {
        using var response = await service.Client.GetAsync(new Uri(path, UriKind.Relative), Cancel);
        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Contains(rule, System.Text.RegularExpressions.Regex.Unescape(await response.Content.ReadAsStringAsync(Cancel)), StringComparison.Ordinal);
    }

    private static string Cursor(long ticks)
    {
        var bytes = new byte[24];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, ticks);
        return Base64Url.EncodeToString(bytes);
    }
}
