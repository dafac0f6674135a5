using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Bench;

/// <summary>What is decided and prepared before the first measurement.</summary>
internal static class Preparation
{
    /// <summary>Chooses the runtime if the options leave it open: Dapr if it is installed and the broker is too or responds, otherwise the emulator.</summary>
    public static async Task<BenchOptions> ChooseRuntimeAsync(BenchOptions options)
    {
        if (!options.ChoosesRuntime)
        {
            return options;
        }

        // An installed broker is started with each system.
        var broker = BrokerPrograms.Reason(options.Stack.Broker) is null
            ? new Broker(options.Stack.Broker, null, 0)
            : Broker.Read(Path.Combine(options.Stack.Root, "components", options.Stack.Broker, "pubsub.yaml"));
        var choice = await RuntimeChoice.MakeAsync(broker, TimeSpan.Zero, _ => { }, CancellationToken.None);
        Progress.Write(choice.Reason is null ? $"On Dapr with {options.Stack.Broker}" : $"On the emulator, because {choice.Reason}");
        return options with { Stack = options.Stack with { Runtime = choice.Kind } };
    }

    /// <summary>Builds the earlier commit if it is compared. If it cannot be built, it is left out and the results say why.</summary>
    public static async Task<BenchOptions> PrepareBaselineAsync(BenchOptions options, Results results)
    {
        if (!options.Systems.Contains(SystemKind.Baseline) || !options.Parts.Any(part => part is Part.Compare or Part.Latency))
        {
            return options;
        }

        var (settings, reason) = await Baseline.PrepareAsync(options.Stack);
        if (reason is not null)
        {
            results.NotMeasured.Add($"{SystemKind.Baseline.Name()}: {reason}");
            Progress.Write($"{SystemKind.Baseline.Name()} is not measured: {reason}");
            return options with { Systems = [.. options.Systems.Where(system => system is not SystemKind.Baseline)] };
        }

        return options with { Baseline = settings };
    }
}
