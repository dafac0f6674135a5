namespace DaprOrders.DaprEmulator.Publishing;

/// <summary>Component types that the runtime has and the development sidecar passes over with a warning.</summary>
internal static class LeftOutComponents
{
    private static readonly string[] Categories =
        ["bindings", "configuration", "conversation", "crypto", "lock", "middleware", "nameresolution", "secretstores", "state", "workflowbackend"];

    public static bool Contains(string type) => type.Split('.') is [var category, _, ..] && Categories.Contains(category);
}
