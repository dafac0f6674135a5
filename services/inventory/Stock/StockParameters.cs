using System.Text.RegularExpressions;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.InventoryService.Stock;

/// <summary>The id of an item.</summary>
[ParameterSchema(Pattern = AllowedPattern)]
public sealed partial record ItemId(string Value) : RequestParameter("item_id", AllowedValues)
{
    internal const string AllowedPattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";
    internal const string AllowedValues = "1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', and start with a letter or digit";

    /// <summary>Parses the id. Always returns true.</summary>
    public static bool TryParse(string? text, out ItemId id)
    {
        id = IsValid(text) ? new ItemId(text!) : new ItemId("") { Malformed = text };
        return true;
    }

    internal static bool IsValid(string? text) => Pattern().IsMatch(text ?? "");

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex Pattern();
}

/// <summary>The position after an item of the list. It is the item's id, which needs no escaping in a query.</summary>
public sealed record StockCursor(string ItemId) : RequestParameter("cursor", "the value of next in an earlier page of this list")
{
    /// <summary>Parses the cursor. Always returns true.</summary>
    public static bool TryParse(string? text, out StockCursor cursor)
    {
        cursor = Stock.ItemId.IsValid(text) ? new StockCursor(text!) : new StockCursor("") { Malformed = text };
        return true;
    }
}
