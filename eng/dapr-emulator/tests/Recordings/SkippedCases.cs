namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Lists the recorded cases that are not replayed, with the reason. The README contains the same list.</summary>
internal static class SkippedCases
{
    private const string BuiltInBroker = "the broker is built in; only a command makes it unavailable";

    public static readonly IReadOnlyList<(string File, string Case, string Reason)> Cases =
    [
        ("broker_outage", "*", BuiltInBroker),
        ("component_errors", "kafka_unreachable", BuiltInBroker),
        ("component_errors", "redis_unreachable", BuiltInBroker),
        ("invoke", "slow_app_1200ms", "the app sends no content type, and Dapr guesses it from the content"),
        ("run_file", "sidecar_arguments_of_app_a", "a sidecar is not a process and takes no arguments"),
        ("run_file", "name_resolution", "sidecars find each other inside the process"),
        ("run_file", "without_placement_and_scheduler_settings", "there is no placement and no scheduler to wait for"),
    ];

    public static bool Contains(string file, string name) =>
        Cases.Any(other => other.File == file && (other.Case == "*" || other.Case == name));

    public static string AsTable() => string.Join('\n', Cases
        .Select(skipped => $"| `{skipped.File}.json` | {(skipped.Case == "*" ? "all" : $"`{skipped.Case}`")} | {skipped.Reason} |")
        .Prepend("| --- | --- | --- |")
        .Prepend("| Recording | Case | Reason |"));
}
