using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace DaprOrders.InventoryService.Tests;

public sealed class StockEndpointsTests(InventoryServiceFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_item_is_listed_once_over_all_pages()
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        List<string> listed = [];
        for (string? next = ""; next is not null;)
        {
            var page = await client.GetFromJsonAsync<JsonElement>($"/inventory?limit=200{(next is "" ? "" : $"&cursor={next}")}", Cancel);
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("item_id").GetString()!));
            next = page.GetProperty("next").GetString();
        }

        Assert.Equal(1000, listed.Count);
        Assert.Equal(1000, listed.Distinct().Count());
    }

    [Theory]
    [InlineData("/inventory/a%2Fb", "item_id must be 1 to 64")]
    [InlineData("/inventory/%F0%9F%98%80", "item_id must be 1 to 64")]
    [InlineData("/inventory?limit=0", "limit must be a whole number from 1 to 200.")]
    [InlineData("/inventory?cursor=%00", "cursor")]
    [InlineData("/inventory?cursor=", "cursor")]
    public async Task What_cannot_be_an_item_or_a_page_is_400_naming_it(string path, string where)
    {
        await using var host = await fixture.StartAsync();
        using var client = host.CreateClient();

        using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(where, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }
}
