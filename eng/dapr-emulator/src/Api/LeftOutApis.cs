
namespace DaprOrders.DaprEmulator.Api;

/// <summary>Building blocks of the runtime that the development sidecar does not play.</summary>
internal static class LeftOutApis
{
    public static readonly string[] Names =
        ["actors", "bindings", "configuration", "conversation", "crypto", "jobs", "lock", "secrets", "state", "unlock", "workflows"];

    /// <summary>Finds a metadatum whose effect is not emulated.</summary>
    public static ApiError? Refusal(IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        metadata.Any(entry => entry.Key.Equals("ttlInSeconds", StringComparison.OrdinalIgnoreCase) || entry.Key.Equals("ttl", StringComparison.OrdinalIgnoreCase))
            ? new(501, "ERR_NOT_EMULATED", "the emulator has no time to live of messages (ttlInSeconds): run this app on Dapr")
            : null;

    public static ApiError Error(string api) =>
        new(501, "ERR_NOT_EMULATED", $"the emulator has no {api} API: run this app with Dapr itself");
}
