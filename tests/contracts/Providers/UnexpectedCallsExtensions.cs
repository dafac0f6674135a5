using DaprOrders.Testing;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>What was asked of a sidecar that no stub expects. Each test looks at it in the end, and fails when there is any.</summary>
internal static class UnexpectedCallsExtensions
{
    public static IReadOnlyList<string> UnexpectedCalls(this SidecarStub sidecar, int earlierRequests) =>
        [.. sidecar.Server.LogEntries.Skip(earlierRequests).Where(entry => entry.MappingGuid is null)
            .Select(entry => $"{entry.RequestMessage?.Method} {entry.RequestMessage?.Url}")];
}
