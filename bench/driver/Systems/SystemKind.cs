namespace DaprOrders.Bench.Systems;

internal enum SystemKind
{
    /// <summary>Services that do nothing: what the runtime itself costs.</summary>
    Floor,

    /// <summary>The four services of this repository.</summary>
    Ours,

    /// <summary>Save, then publish, and a delivery for each event.</summary>
    Tutorial,
}
