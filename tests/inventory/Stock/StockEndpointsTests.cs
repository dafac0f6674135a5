using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace DaprOrders.InventoryService.Tests.Stock;

/// <summary>These tests only read the sample stock, so they share one service.</summary>
public sealed class StockEndpointsTests(SharedInventoryService service) : IClassFixture<SharedInventoryService>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_item_is_listed_once_over_all_pages()
    {
        List<string> listed = [];
        for (string? next = ""; next is not null;)
        {
            var page = await service.Client.GetFromJsonAsync<JsonElement>($"/inventory?limit=200{(next is "" ? "" : $"&cursor={next}")}", Cancel);
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("item_id").GetString()!));
            next = page.GetProperty("next").GetString();
            Assert.True(listed.Count <= 1000, "The list does not end.");
        }

        Assert.Equal(1000, listed.Count);
        Assert.Equal(1000, listed.Distinct().Count());
    }

    [Fact]
    public async Task Stock_of_an_item_can_be_read() => Assert.Equal(
        """{"item_id":"item-100","initial":3,"available":3}""",
        await service.Client.GetStringAsync(new Uri("/inventory/item-100", UriKind.Relative), Cancel));

    [Theory]
    [InlineData("/inventory/no-such-item", 404, "")]
    [InlineData("/inventory/a%2Fb", 400, "item_id must be 1 to 64")]
    [InlineData("/inventory/%F0%9F%98%80", 400, "item_id must be 1 to 64")]
    [InlineData("/inventory?limit=0", 400, "limit must be a whole number from 1 to 200, but was ")]
    [InlineData("/inventory?cursor=%00", 400, "cursor")]
    [InlineData("/inventory?cursor=", 400, "cursor")]
    public async Task Unknown_item_or_malformed_parameter_is_a_problem(string path, int status, string expected)
    {
        using var response = await service.Client.GetAsync(new Uri(path, UriKind.Relative), Cancel);

        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains(expected, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }
}
