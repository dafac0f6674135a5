using System.Text.RegularExpressions;
using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Routes;

internal static partial class InventoryRoutes
{
    private const string ItemIdPattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

    private static readonly KnownParameter ItemIdParameter = new("itemId", "The item.", "item-123") { Pattern = ItemIdPattern + "$" };

    public static void MapInventory(this IEndpointRouteBuilder app)
    {
        var inventory = app.MapGroup("/inventory").MayAnswer(GatewayProblems.OfEveryRoute);
        inventory.MapGet("/", ListAsync).WithName("ListStock").WithSummary("Lists how much is left of each item, by item.")
            .Takes(KnownParameter.Limit, KnownParameter.Cursor with { Example = "item-123" }).Produces<Page<StockView>>();
        inventory.MapGet("/{itemId}", GetAsync).WithName("GetStock").WithSummary("Reads how much of an item is left.")
            .Takes(ItemIdParameter).Produces<StockView>().MayAnswer(KnownProblem.NotFound);
    }

    private static Task<IResult> ListAsync(HttpRequest request, InventoryApp app, CancellationToken cancellationToken) =>
        Lists.GetAsync(request, app, "inventory", cancellationToken);

    /// <summary>The id becomes part of a path that Dapr decodes and cleans: other characters would reach other routes.</summary>
    private static async Task<IResult> GetAsync(string itemId, InventoryApp app, CancellationToken cancellationToken) =>
        ItemId().IsMatch(itemId)
            ? new PassedOn(await app.GetAsync($"inventory/{itemId}", cancellationToken))
            : Parameters.Invalid(
                "item_id", "item_id must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', and begin with a letter or digit.");

    [GeneratedRegex(ItemIdPattern + @"\z")]
    private static partial Regex ItemId();
}
