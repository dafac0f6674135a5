using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Kills and freezes processes.</summary>
internal static class ProcessFaults
{
    public static FaultKind KillService(string appId) => new($"kill -9 of {appId}", async context =>
    {
        var instance = context.AnyOf(appId);
        await context.Stack.Runtime.SignalAsync(instance, Signal.Kill);
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

    /// <summary>Kills all sidecars and the broker at once. When the emulator restarts, it replaces the apps of the killed run.</summary>
    public static readonly FaultKind KillEmulator = new("kill -9 of the emulator with its broker", async context =>
    {
        var runtime = (EmulatorRuntime)context.Stack.Runtime;
        await runtime.KillAsync();
        await context.PauseAsync(0.1, 0.8);
        await runtime.StartAsync();
        await context.Stack.UntilReadyAsync();
    });

    public static readonly FaultKind Freeze = FreezeFor(TimeSpan.FromSeconds(5));

    public static FaultKind FreezeFor(TimeSpan duration) => new($"SIGSTOP of a service for {duration.TotalSeconds} s", async context =>
    {
        var instance = context.Any();
        await context.Stack.Runtime.SignalAsync(instance, Signal.Freeze);
        await Task.Delay(duration);
        await context.Stack.Runtime.SignalAsync(instance, Signal.Continue);
    });
}
