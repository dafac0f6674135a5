namespace DaprOrders.Messaging;

/// <summary>Holds the traces of the events that are being handled, so that events published by the handler continue them.</summary>
internal static class HandledTraces
{
    private static readonly AsyncLocal<IReadOnlyDictionary<string, string>?> ByKey = new();

    /// <summary>Sets the traceparents by key until the calling async method returns.</summary>
    public static void Set(IReadOnlyDictionary<string, string> byKey) => ByKey.Value = byKey;

    /// <summary>Returns the traceparent of the handled event with this key, or null.</summary>
    public static string? Find(string key) => ByKey.Value?.GetValueOrDefault(key);
}
