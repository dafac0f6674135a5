namespace DaprOrders.Stack;

/// <summary>One app process of a stack, with its sidecar.</summary>
/// <param name="Number">1 for the first entry of the run file with this app id, 2 for the second.</param>
/// <param name="Port">The port on which the app listens.</param>
/// <param name="PortForSidecar">The port on which the sidecar calls the app: the same, or that of a proxy.</param>
/// <param name="SidecarPort">The port on which the sidecar listens.</param>
/// <param name="SidecarPortForApp">The port on which the app calls its sidecar: the same, or that of a proxy.</param>
/// <param name="GrpcPort">The sidecar's gRPC port, which identifies the instance.</param>
public sealed record AppInstance(
    string AppId, int Number, int Port, int PortForSidecar, int SidecarPort, int SidecarPortForApp, int GrpcPort)
{
    public override string ToString() => $"{AppId}/{Number}";
}
