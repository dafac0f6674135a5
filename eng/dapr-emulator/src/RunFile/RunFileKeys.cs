using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>Every key that the Dapr CLI reads from a run file, and what becomes of it here.</summary>
internal static class RunFileKeys
{
    public static readonly string[] Top = ["version", "name", "common", "apps"];

    public static readonly string[] Common =
    [
        "appProtocol", "apiListenAddresses", "resourcesPaths", "resourcesPath", "configFilePath", "logLevel", "appMaxConcurrency",
        "placementHostAddress", "schedulerHostAddress", "maxBodySize", "readBufferSize", "enableAppHealthCheck", "appHealthCheckPath",
        "appHealthProbeInterval", "appHealthProbeTimeout", "appHealthThreshold", "enableApiLogging", "enableProfiling", "appSSL",
        "runtimePath", "env", "daprdLogDestination", "appLogDestination",
    ];

    public static readonly string[] App =
    [
        .. Common, "appID", "appDirPath", "appPort", "appChannelAddress", "daprHTTPPort", "daprGRPCPort", "metricsPort",
        "daprInternalGRPCPort", "profilePort", "unixDomainSocket", "command", "containerImage", "containerImagePullPolicy", "createService",
    ];

    // What an app could rely on and does not get here: better no start than another behaviour.
    private static readonly (string Key, Func<string, bool> IsAsked)[] NotHere =
    [
        ("unixDomainSocket", value => value.Length > 0),
        ("appSSL", IsTrue),
        ("enableProfiling", IsTrue),
        ("appChannelAddress", value => value is not ("" or "127.0.0.1" or "localhost")),
        ("apiListenAddresses", value => value is not ("" or "127.0.0.1" or "localhost")),
    ];

    /// <summary>Warns of keys that the CLI ignores, and names the one that was probably meant.</summary>
    public static void Check(YamlMap map, string[] known, Action<int, string> warn)
    {
        foreach (var (key, line) in map.Keys)
        {
            if (!known.Contains(key))
            {
                var meant = known.FirstOrDefault(other => Plain(other) == Plain(key));
                warn(line, $"unknown key '{key}' does nothing{(meant is null ? "" : $": '{meant}' is meant")}");
            }
        }
    }

    /// <summary>Finds a key whose meaning is not there, with its line.</summary>
    public static (int Line, string Key)? Refused(YamlMap app, YamlMap common)
    {
        foreach (var (key, isAsked) in NotHere)
        {
            foreach (var map in (YamlMap[])[app, common])
            {
                if (map.Text(key) is { } value && isAsked(value))
                {
                    return (map.LineOf(key), $"{key}: {value}");
                }
            }
        }

        return null;
    }

    private static bool IsTrue(string value) => value is "true";

    // daprHttpPort, dapr-http-port, resourcePaths: what people write.
    private static string Plain(string key) =>
        key.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant().Replace("PATHS", "PATH", StringComparison.Ordinal)
            .Replace("RESOURCESPATH", "RESOURCEPATH", StringComparison.Ordinal);
}
