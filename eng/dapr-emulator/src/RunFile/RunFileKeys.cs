using System.Globalization;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>Lists all keys that the Dapr CLI reads from a run file, and the keys that the emulator rejects.</summary>
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

    // An app could depend on these features, so ignoring them could hide errors.
    private static readonly (string Key, Func<string, bool> IsUsed)[] NotEmulated =
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

    /// <summary>Warns about keys that the CLI ignores, and suggests the correct name.</summary>
    public static void WarnAboutUnknownKeys(YamlMap map, string[] known, Action<int, string> warn)
    {
        foreach (var (key, line) in map.Keys)
        {
            if (!known.Contains(key))
            {
                var suggestion = known.FirstOrDefault(other => Normalize(other) == Normalize(key));
                warn(line, $"unknown key '{key}' is ignored{(suggestion is null ? "" : $": did you mean '{suggestion}'?")}");
            }
        }
    }

    /// <summary>Returns the first setting that is not emulated and its line, or null.</summary>
    public static (int Line, string Key)? FindNotEmulated(YamlMap app, YamlMap common)
    {
        foreach (var (key, isUsed) in NotEmulated)
        {
            foreach (var map in (YamlMap[])[app, common])
            {
                if (map.Text(key) is { } value && isUsed(value))
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
    private static string Normalize(string key) =>
        key.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant().Replace("PATHS", "PATH", StringComparison.Ordinal)
            .Replace("RESOURCESPATH", "RESOURCEPATH", StringComparison.Ordinal);
}
