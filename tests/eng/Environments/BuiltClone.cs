using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Environments;

/// <summary>A clone that is built once for all tests of a class. Each test starts it in a different environment.</summary>
public sealed class BuiltClone : IAsyncDisposable
{
    private readonly Lazy<Task<CloneWithFreePorts>> _clone = new(CreateAsync);

    public async ValueTask DisposeAsync()
    {
        if (_clone.IsValueCreated)
        {
            await (await _clone.Value).DisposeAsync();
        }
    }

    /// <summary>Returns the clone, not started and without changes to the environment.</summary>
    internal async Task<CloneWithFreePorts> GetAsync()
    {
        var clone = await _clone.Value;
        clone.Environment.Clear();
        clone.Prefix = [];
        clone.HideDapr();
        return clone;
    }

    private static async Task<CloneWithFreePorts> CreateAsync()
    {
        var clone = await CloneWithFreePorts.CreateAsync();
        clone.HideDapr();
        Assert.True(await clone.StartAsync(), clone.Output);
        await clone.StopAsync(Signal.Interrupt);
        return clone;
    }
}
