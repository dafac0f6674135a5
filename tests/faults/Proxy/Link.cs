using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Proxy;

/// <summary>One direction between an app and its sidecar.</summary>
internal sealed class Link(AppInstance instance, bool isToApp, Random random)
{
    private readonly Lock _drawing = new();
    private volatile LinkFault _fault;

    public AppInstance Instance => instance;

    public bool IsToApp => isToApp;

    public int ListeningPort => isToApp ? instance.PortForSidecar : instance.SidecarPortForApp;

    public string Target { get; } = $"http://127.0.0.1:{(isToApp ? instance.Port : instance.SidecarPort)}";

    public LinkFault Fault
    {
        get => _fault;
        set => _fault = value;
    }

    /// <summary>Draws a random value. Requests of a link are concurrent, so this takes a lock.</summary>
    public T Draw<T>(Func<Random, T> draw)
    {
        lock (_drawing)
        {
            return draw(random);
        }
    }
}
