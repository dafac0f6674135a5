namespace DaprOrders.Stack;

/// <summary>One app process of a stack, with its sidecar.</summary>
/// <param name="AppId">The app id.</param>
/// <param name="Number">1 for the first entry of the run file with this app id, 2 for the second.</param>
/// <param name="Port">Where the app listens.</param>
/// <param name="PortForSidecar">Where its sidecar looks for it: the same, or a proxy.</param>
/// <param name="SidecarPort">Where its sidecar listens.</param>
/// <param name="SidecarPortForApp">Where the app looks for its sidecar: the same, or a proxy.</param>
/// <param name="GrpcPort">The sidecar's gRPC port, which identifies the instance.</param>
public sealed record AppInstance(
    string AppId, int Number, int Port, int PortForSidecar, int SidecarPort, int SidecarPortForApp, int GrpcPort)
{
    public override string ToString() => $"{AppId}/{Number}";
}
