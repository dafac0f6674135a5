using DaprOrders.Testing;
using DaprOrders.Testing.Stack;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>What happens to processes.</summary>
internal static class ProcessFaults
{
    public static FaultKind KillService(string appId) => new($"kill -9 of {appId}", async context =>
    {
        var instance = context.AnyOf(appId);
        await context.Stack.Runtime.SignalAsync(instance, Signals.Kill);
        await context.PauseAsync(0.1, 0.8);
        await context.Stack.Runtime.StartAsync(instance);
    });

    public static FaultKind KillSidecar(string appId) => new($"kill -9 of {appId}'s sidecar", async context =>
    {
        var instance = context.AnyOf(appId);
        await context.Stack.Runtime.KillSidecarAsync(instance);
        await context.PauseAsync(0.1, 0.8);
        await context.Stack.Runtime.StartAsync(instance);
    });

    /// <summary>All sidecars and the broker at once. The apps stay behind, and are ended and started anew with it.</summary>
    public static readonly FaultKind KillEmulator = new("kill -9 of the emulator with its broker", async context =>
    {
        var runtime = (EmbeddedRuntime)context.Stack.Runtime;
        await runtime.KillAsync();
        await context.PauseAsync(0.1, 0.8);
        await runtime.StartAsync();
        await context.Stack.UntilReadyAsync();
    });

    public static readonly FaultKind Freeze = new("SIGSTOP of a service for 5 s", async context =>
    {
        var instance = context.Any();
        await context.Stack.Runtime.SignalAsync(instance, Signals.Stop);
        await Task.Delay(TimeSpan.FromSeconds(5));
        await context.Stack.Runtime.SignalAsync(instance, Signals.Continue);
    });
}
