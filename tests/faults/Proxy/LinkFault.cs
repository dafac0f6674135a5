namespace DaprOrders.Faults.Tests.Proxy;

/// <summary>The fault that a link applies to its requests.</summary>
internal enum LinkFault
{
    None,

    /// <summary>Forwards the request and closes the connection instead of returning the response.</summary>
    DropResponses,

    /// <summary>Delays the request.</summary>
    Delay,

    /// <summary>Closes the connection without forwarding the request.</summary>
    Reset,

    /// <summary>Delivers a batch of events twice, the second time shuffled, and returns the second response.</summary>
    DeliverTwice,

    /// <summary>Delivers a batch of events to two instances of the app at the same time, and returns the response of the first one.</summary>
    DeliverToTwo,

    /// <summary>Removes some events from a bulk publish, as if the broker had accepted and then lost them.</summary>
    Lose,
}
