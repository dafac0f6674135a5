using System.Net;

namespace DaprOrders.NotificationService.Tests.Notifications;

/// <summary>These tests store nothing, so they share one service.</summary>
public sealed class NotificationEndpointsTests(SharedNotificationService service) : IClassFixture<SharedNotificationService>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_without_notifications_has_an_empty_list() => Assert.Equal(
        """{"items":[],"next":null}""",
        await service.Client.GetStringAsync(new Uri($"/notifications?order_id={Guid.NewGuid()}", UriKind.Relative), Cancel));

    [Theory]
    [InlineData("order_id=17", "order_id")]
    [InlineData("order_id=", "order_id")]
    [InlineData("limit=201", "limit must be a whole number from 1 to 200, but was ")]
    [InlineData("cursor=abc", "cursor")]
    public async Task Malformed_parameter_is_400_with_its_rule(string query, string expected)
    {
        using var response = await service.Client.GetAsync(new Uri($"/notifications?{query}", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(expected, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }
}
