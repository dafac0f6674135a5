namespace DaprOrders.DaprEmulator.Resources;

internal static class GoBoolean
{
    /// <summary>Parses a boolean as Dapr does. Returns null for any other text.</summary>
    public static bool? Parse(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };
}
