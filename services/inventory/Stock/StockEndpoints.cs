using System.ComponentModel;
using System.Text.RegularExpressions;
using DaprOrders.InventoryService.Data;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.InventoryService.Stock;

internal static partial class StockEndpoints
{
    private const string ItemIdPattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}";
    private const string ItemIdRule = "item_id must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', and begin with a letter or digit.";

    private static readonly KnownParameter ItemIdParameter = new("itemId", "The item.", "item-123") { Pattern = ItemIdPattern + "$" };

    public static void MapStock(this IEndpointRouteBuilder app)
    {
        var inventory = app.MapGroup("/inventory").MayAnswer(KnownProblem.Invalid, KnownProblem.Failed, KnownProblem.Unavailable);
        inventory.MapGet("/", ListAsync).WithName("ListStock").WithSummary("Lists how much is left of each item, by item.")
            .Takes(KnownParameter.Limit, KnownParameter.Cursor with { Example = "item-123" });
        inventory.MapGet("/{itemId}", GetAsync).WithName("GetStock").WithSummary("Reads how much of an item is left.")
            .Takes(ItemIdParameter).MayAnswer(KnownProblem.NotFound);
    }

    /// <summary>The cursor is the item id that the page before ended with: it means something to clients anyway, and needs no escaping.</summary>
    private static async Task<Results<Ok<Page<StockView>>, ValidationProblem>> ListAsync(
        string? limit, string? cursor, InventoryDbContext db, CancellationToken cancellationToken)
    {
        if (!Page.TryParseLimit(limit, out var count))
        {
            return Page.InvalidLimit();
        }

        if (cursor is not null && !ItemId().IsMatch(cursor))
        {
            return Page.InvalidCursor();
        }

        var items = await db.Stock.AsNoTracking()
            .Where(item => cursor == null || string.Compare(item.ItemId, cursor) > 0)
            .OrderBy(item => item.ItemId)
            .Take(count + 1)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page.Of(items, count, View, item => item.ItemId));
    }

    private static async Task<Results<Ok<StockView>, NotFound, ValidationProblem>> GetAsync(
        string itemId, InventoryDbContext db, CancellationToken cancellationToken)
    {
        if (!ItemId().IsMatch(itemId))
        {
            return Parameters.Invalid("item_id", ItemIdRule);
        }

        return await db.Stock.AsNoTracking().SingleOrDefaultAsync(item => item.ItemId == itemId, cancellationToken) is { } item
            ? TypedResults.Ok(View(item))
            : TypedResults.NotFound();
    }

    private static StockView View(StockItem item) => new(item.ItemId, item.Initial, item.Available);

    [GeneratedRegex(ItemIdPattern + @"\z")]
    private static partial Regex ItemId();

    internal sealed record StockView(
        [property: Description("The item."), Example("item-123")] string ItemId,
        [property: Description("How many pieces there were before the first order."), Example(1_000_000)] int Initial,
        [property: Description("How many pieces are left."), Example(999_999)] int Available);
}
