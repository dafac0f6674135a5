using DaprOrders.Faults.Tests.Proxy;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>The broker of a run, which faults kill and make unavailable.</summary>
internal interface IFaultyBroker
{
    /// <summary>Ends the broker without a warning (SIGKILL). Its data remains.</summary>
    Task KillAsync();

    /// <summary>Starts the killed broker with its data, and waits until it responds.</summary>
    Task StartAsync();

    /// <summary>Makes the broker unreachable for the sidecars of one app, or for all.</summary>
    /// <param name="appId">The app; null for all.</param>
    Task SuspendAsync(string? appId);

    /// <summary>Makes the broker reachable again.</summary>
    /// <param name="appId">The app; null for all.</param>
    Task ResumeAsync(string? appId);
}

/// <summary>Creates the broker that faults control.</summary>
internal static class FaultyBroker
{
    public static IFaultyBroker Of(StackHost stack, BrokerProxies proxies) => stack.Runtime is EmulatorRuntime ? new EmulatorBroker(stack)
        : stack.Broker is { } host ? new PrivateBroker(host, proxies)
        : new UncontrolledBroker();
}

/// <summary>A broker that the tests did not start, so they cannot stop it.</summary>
internal sealed class UncontrolledBroker : IFaultyBroker
{
    public const string Reason = "The broker was not started by the test.";

    public Task KillAsync() => throw new NotSupportedException(Reason);

    public Task StartAsync() => throw new NotSupportedException(Reason);

    public Task SuspendAsync(string? appId) => throw new NotSupportedException(Reason);

    public Task ResumeAsync(string? appId) => throw new NotSupportedException(Reason);
}

/// <summary>The broker that was started for the stack, with a proxy in front of it for each consumer.</summary>
internal sealed class PrivateBroker(BrokerHost host, BrokerProxies proxies) : IFaultyBroker
{
    public Task KillAsync() => host.KillAsync();

    public Task StartAsync() => host.StartAsync();

    /// <summary>Kills the broker, so that its port refuses connections, or cuts the connections of one app.</summary>
    public Task SuspendAsync(string? appId)
    {
        if (appId is null)
        {
            return host.KillAsync();
        }

        proxies.Of(appId).Cut();
        return Task.CompletedTask;
    }

    public Task ResumeAsync(string? appId)
    {
        if (appId is null)
        {
            return host.StartAsync();
        }

        proxies.Of(appId).Restore();
        return Task.CompletedTask;
    }
}

/// <summary>The broker of the emulator. It is a part of the emulator, so killing it also ends all sidecars.</summary>
internal sealed class EmulatorBroker(StackHost stack) : IFaultyBroker
{
    private EmulatorRuntime Runtime => (EmulatorRuntime)stack.Runtime;

    public Task KillAsync() => Runtime.KillAsync();

    /// <summary>Starts the emulator. It replaces the apps of the killed run.</summary>
    public Task StartAsync() => Runtime.StartAsync();

    public Task SuspendAsync(string? appId) => Runtime.SuspendBrokerAsync(appId);

    public Task ResumeAsync(string? appId) => Runtime.ResumeBrokerAsync(appId);
}
