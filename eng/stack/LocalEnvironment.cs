using System.Collections;

namespace DaprOrders.Stack;

/// <summary>The environment of this process, which everything that it starts inherits.</summary>
public static class LocalEnvironment
{
    private static readonly string[] OfDapr = ["APP_ID", "APP_PORT", "APP_PROTOCOL", "APP_CHANNEL_ADDRESS", "APP_API_TOKEN"];
    private static readonly string[] Prefixes = ["DAPR_", "PG"];

    private static readonly string[] Proxies = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

    /// <summary>
    /// Removes variables that would lead elsewhere: those of libpq and of another Dapr project. Behind a proxy, whatever is started calls
    /// addresses of this machine directly.
    /// </summary>
    public static void Clean()
    {
        var names = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => (string)variable.Key).ToList();
        foreach (var name in names.Where(name => OfDapr.Contains(name) || Array.Exists(Prefixes, prefix => name.StartsWith(prefix, StringComparison.Ordinal))))
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        if (Array.Exists(Proxies, names.Contains))
        {
            foreach (var name in (string[])["no_proxy", "NO_PROXY"])
            {
                var others = Environment.GetEnvironmentVariable(name);
                Environment.SetEnvironmentVariable(name, string.IsNullOrEmpty(others) ? "127.0.0.1,localhost" : $"{others},127.0.0.1,localhost");
            }
        }
    }
}
