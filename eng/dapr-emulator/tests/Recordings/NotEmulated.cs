using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>The recorded cases that the development sidecar does not play, and why; the README lists them word for word.</summary>
internal static class Deviations
{
    private const string NoBroker = "the log is built in: there is no broker that could be away";

    public static readonly IReadOnlyList<(string File, string Case, string Reason)> All =
    [
        ("broker_outage", "*", NoBroker),
        ("component_errors", "kafka_unreachable", NoBroker),
        ("component_errors", "redis_unreachable", NoBroker),
        ("invoke", "slow_app_1200ms", "the app sends no content type, and content sniffing is not emulated"),
        ("run_file", "sidecar_arguments_of_app_a", "a sidecar is no process and takes no arguments"),
        ("run_file", "name_resolution", "sidecars find each other inside the process"),
        ("run_file", "without_placement_and_scheduler_settings", "there is neither placement nor scheduler to wait for, so `/v1.0/healthz` becomes 204 without them"),
    ];

    // What a run file was, and that it was recorded, is no behaviour.
    private static readonly string[] Descriptions = ["run_file/what", "run_file/run_file"];

    public static TheoryData<string, string> Played()
    {
        var cases = new TheoryData<string, string>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Recording.Folder, "dapr-1.18.3"), "*.json").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            foreach (var (recorded, _) in Recording.File(name))
            {
                if (!All.Any(other => other.File == name && (other.Case == "*" || other.Case == recorded)) && !Descriptions.Contains($"{name}/{recorded}"))
                {
                    cases.Add(name, recorded);
                }
            }
        }

        return cases;
    }

    public static string AsTable() => string.Join('\n', All
        .Select(deviation => $"| `{deviation.File}.json` | {(deviation.Case == "*" ? "all" : $"`{deviation.Case}`")} | {deviation.Reason} |")
        .Prepend("| --- | --- | --- |")
        .Prepend("| recording | case | reason |"));
}
