using System.Globalization;
using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>The environment variables that the Dapr CLI sets for an app. Variables in the run file take precedence.</summary>
internal static class AppEnvironment
{
    public static Dictionary<string, string> Of(AppSpec spec)
    {
        var environment = new Dictionary<string, string>
        {
            ["APP_ID"] = spec.AppId,
            ["APP_CHANNEL_ADDRESS"] = spec.AppChannelAddress,
            ["DAPR_HTTP_PORT"] = Text(spec.HttpPort),
            ["DAPR_GRPC_PORT"] = Text(spec.GrpcPort),
            ["DAPR_METRICS_PORT"] = Text(spec.MetricsPort),
            ["APP_PROTOCOL"] = "http",
        };
        if (spec.AppPort is { } port)
        {
            environment["APP_PORT"] = Text(port);
        }

        foreach (var (name, value) in spec.Environment)
        {
            environment[name] = value;
        }

        return environment;
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
