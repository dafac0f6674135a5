using DaprOrders.Testing;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>Returns the calls to a sidecar that match no stub. Each test checks them at its end, and fails if there are any.</summary>
internal static class UnexpectedCallsExtensions
{
    public static IReadOnlyList<string> UnexpectedCalls(this SidecarStub sidecar, int earlierRequests) =>
        [.. sidecar.Server.LogEntries.Skip(earlierRequests).Where(entry => entry.MappingGuid is null)
            .Select(entry => $"{entry.RequestMessage?.Method} {entry.RequestMessage?.Url}")];
}
