using System.Globalization;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>Every key that the Dapr CLI reads from a run file, and the keys that the emulator refuses.</summary>
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

    // An app could rely on these, so the emulator does not start without them.
    private static readonly (string Key, Func<string, bool> IsAsked)[] NotEmulated =
    [
        ("appProtocol", value => value != "http"),
        ("unixDomainSocket", IsSet),
        ("appSSL", IsTrue),
        ("enableProfiling", IsTrue),
        ("appChannelAddress", IsOtherAddress),
        ("apiListenAddresses", IsOtherAddress),
        ("appMaxConcurrency", value => !int.TryParse(value, CultureInfo.InvariantCulture, out var calls) || calls > 0),
        ("enableAppHealthCheck", IsTrue),
        ("appHealthCheckPath", IsSet),
        ("appHealthProbeInterval", IsSet),
        ("appHealthProbeTimeout", IsSet),
        ("appHealthThreshold", IsSet),
    ];

    /// <summary>Warns of keys that the CLI ignores, and names the one that was probably meant.</summary>
    public static void Check(YamlMap map, string[] known, Action<int, string> warn)
    {
        foreach (var (key, line) in map.Keys)
        {
            if (!known.Contains(key))
            {
                var meant = known.FirstOrDefault(other => Plain(other) == Plain(key));
                warn(line, $"unknown key '{key}' is ignored{(meant is null ? "" : $": did you mean '{meant}'?")}");
            }
        }
    }

    /// <summary>Finds the first key that is not emulated, with its line.</summary>
    public static (int Line, string Key)? Refused(YamlMap app, YamlMap common)
    {
        foreach (var (key, isAsked) in NotEmulated)
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

    private static bool IsSet(string value) => value.Length > 0;

    private static bool IsTrue(string value) => value is "true";

    private static bool IsOtherAddress(string value) => value is not ("" or "127.0.0.1" or "localhost");

    // Common misspellings: daprHttpPort, dapr-http-port, resourcePaths.
    private static string Plain(string key) =>
        key.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant().Replace("PATHS", "PATH", StringComparison.Ordinal)
            .Replace("RESOURCESPATH", "RESOURCEPATH", StringComparison.Ordinal);
}
