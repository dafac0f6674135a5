
namespace DaprOrders.DaprEmulator.Api;

/// <summary>Building blocks of the runtime that the development sidecar does not play.</summary>
internal static class LeftOutApis
{
    public static readonly string[] Names =
        ["actors", "bindings", "configuration", "conversation", "crypto", "jobs", "lock", "secrets", "state", "unlock", "workflows"];

    public static ApiError Error(string api) =>
        new(501, "ERR_NOT_EMULATED", $"the emulator has no {api} API: run this app with Dapr itself");
}
