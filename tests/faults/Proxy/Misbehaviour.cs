namespace DaprOrders.Faults.Tests.Proxy;

/// <summary>What a link does to what passes it.</summary>
internal enum Misbehaviour
{
    None,

    /// <summary>The request is carried out, and nobody hears of it: the connection breaks instead of the answer.</summary>
    DropAnswers,

    /// <summary>Requests come late.</summary>
    Delay,

    /// <summary>The connection breaks before the request is passed on.</summary>
    Reset,

    /// <summary>A batch of events is delivered, and then once more in another order. The second answer counts.</summary>
    DeliverTwice,

    /// <summary>The sidecar accepts a publish and the broker forgets some of it, for all its consumer groups.</summary>
    Lose,
}
