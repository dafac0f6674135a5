using System.Collections;

namespace DaprOrders.Stack;

/// <summary>Cleans the environment of this process, which all processes that it starts inherit.</summary>
public static class LocalEnvironment
{
    private static readonly string[] AppVariables = ["APP_ID", "APP_PORT", "APP_PROTOCOL", "APP_CHANNEL_ADDRESS", "APP_API_TOKEN"];
    private static readonly string[] Prefixes = ["DAPR_", "PG"];

    private static readonly string[] ProxyVariables = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

    /// <summary>
    /// Removes the variables of libpq and Dapr, which would connect the system to the servers of another project. If there is a proxy, adds
    /// this machine to <c>no_proxy</c>, so that calls to it do not use the proxy.
    /// </summary>
    public static void Clean()
    {
        var names = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => (string)variable.Key).ToList();
        foreach (var name in names.Where(name => AppVariables.Contains(name) || Array.Exists(Prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal))))
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        if (Array.Exists(ProxyVariables, names.Contains))
        {
            foreach (var name in (string[])["no_proxy", "NO_PROXY"])
            {
                var others = Environment.GetEnvironmentVariable(name);
                Environment.SetEnvironmentVariable(name, string.IsNullOrEmpty(others) ? "127.0.0.1,localhost" : $"{others},127.0.0.1,localhost");
            }
        }
    }
}
