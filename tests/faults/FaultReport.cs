using System.Globalization;
using System.Text;
using DaprOrders.Faults.Tests.Kinds;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>
/// Writes docs/faults.md with one row per seed, runtime and broker. Keeps the rows of other runs, so that a campaign can run in parts.
/// </summary>
internal static class FaultReport
{
    private const int HashLength = 12;

    private static readonly string[] Columns =
    [
        "seed", "runtime", "broker", "commit", "versions", "schedule", "faults", "orders", "events handled again", "events lost by the broker", "violations",
        "s until idle", "s in total",
    ];

    /// <summary>The index of the first column with a number that is summed up.</summary>
    private const int FirstFigure = 6;

    public static void Add(string file, FaultRunResult result, string commit)
    {
        var rows = File.Exists(file) ? Read(file) : [];
        rows[Key(result)] = new Row(
            [
                $"{result.Seed}", Name(result.Runtime), result.Broker, commit, result.Versions, result.ScheduleHash[..HashLength], Number(result.Faults.Count),
                Number(result.Orders), Number(result.Duplicates.Values.Sum()), Number(result.LostEvents), Number(result.Violations.Count),
                Number((int)result.TimeToIdle.TotalSeconds), Number((int)result.Duration.TotalSeconds),
            ],
            result.FaultsByKind.ToDictionary());
        File.WriteAllText(file, Text(rows));
    }

    /// <summary>Returns the commit of the clone, with a plus sign if its files have changed since.</summary>
    public static async Task<string> CommitAsync()
    {
        var (exitCode, hash) = await GitAsync("rev-parse", "--short=9", "HEAD");
        var (_, changes) = await GitAsync("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/faults.md");
        return exitCode != 0 ? "unknown" : $"{hash.Trim()}{(changes.Trim().Length > 0 ? "+" : "")}";

        static async Task<(int? ExitCode, string Output)> GitAsync(params string[] arguments) => Repository.IsHere
            ? await ProcessRunner.RunAsync(["git", .. arguments], Repository.Root, TimeSpan.FromSeconds(20), null, CancellationToken.None)
            : (null, "");
    }

    private static string Key(FaultRunResult result) => $"{Name(result.Runtime)} {result.Broker} {result.Seed:0000000000}";

    private static string Name(RuntimeKind runtime) => runtime is RuntimeKind.Dapr ? "Dapr" : "emulator";

    private static string Text(SortedDictionary<string, Row> rows)
    {
        var text = new StringBuilder();
        text.Append(
            """
            # Results of the fault campaign

            The system has two instances of order, inventory and notification, one gateway, and a proxy between each service and its sidecar. A third
            instance of inventory joins for one of the faults. PostgreSQL runs with durable settings on a small disk. 24 clients place orders during the
            whole run. After the last fault the clients stop, the system becomes idle, and the invariants in `tests/faults/Checks` are checked. The faults
            are in `tests/faults/Kinds`.

            `./run.sh faults` writes this page. `./run.sh faults 7 --runtime dapr --broker redis` repeats one seed, or adds it. The schedule of a run (the
            faults, their targets and durations, and the order counts at which they are inflicted) is created from the seed before the run. `schedule` is
            the start of its SHA-256: equal values mean equal faults. Which requests a fault hits depends on timing. A plus sign after the commit means that
            files had changed since.


            """);
        Line(text, Columns);
        Line(text, Columns.Select((_, i) => i is 0 or >= FirstFigure ? "---:" : "---"));
        foreach (var row in rows.Values)
        {
            Line(text, row.Cells);
        }

        Line(text, Columns.Select((_, i) => i switch
        {
            0 => "**all**",
            < FirstFigure => "",
            _ => $"**{Number(rows.Values.Sum(row => Parse(row.Cells[i])))}**",
        }));
        text.Append("\n## Faults by kind\n\n");
        Line(text, ["kind", .. rows.Values.Select(Title), "all"]);
        Line(text, ["---", .. rows.Keys.Select(_ => "---:"), "---:"]);
        foreach (var kind in rows.Values.SelectMany(row => row.Kinds.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            Line(text, [kind, .. rows.Values.Select(row => Number(row.Kinds.GetValueOrDefault(kind))), Number(rows.Values.Sum(row => row.Kinds.GetValueOrDefault(kind)))]);
        }

        AppendSupport(text);
        return text.ToString();
    }

    /// <summary>Appends a table with the runtimes and brokers of each kind, and a list of reasons.</summary>
    private static void AppendSupport(StringBuilder text)
    {
        var reasons = new List<string>();
        text.Append("\n## Where each kind runs\n\nThe emulator has the same built-in broker for all components.\n\n");
        Line(text, ["fault", .. FaultEnvironment.All.Select(environment => $"{environment}")]);
        Line(text, ["---", .. FaultEnvironment.All.Select(_ => "---")]);
        foreach (var kind in FaultKinds.All)
        {
            Line(text, [kind.Name, .. FaultEnvironment.All.Select(environment => kind.WhyNot(environment) is { } reason ? $"no ({NumberOf(reason)})" : "yes")]);
        }

        text.Append('\n');
        for (var i = 0; i < reasons.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{i + 1}. {reasons[i]}\n");
        }

        int NumberOf(string reason)
        {
            if (!reasons.Contains(reason))
            {
                reasons.Add(reason);
            }

            return reasons.IndexOf(reason) + 1;
        }
    }

    /// <summary>Reads the rows of a file that <see cref="Add"/> wrote; none if the file has other columns.</summary>
    private static SortedDictionary<string, Row> Read(string file)
    {
        var rows = new SortedDictionary<string, Row>(StringComparer.Ordinal);
        var tables = File.ReadAllLines(file).Where(line => line.StartsWith('|')).Select(Cells).ToList();
        var kinds = tables.FindIndex(cells => cells[0] == "kind");
        if (kinds < 0 || !tables[0].SequenceEqual(Columns))
        {
            return rows;
        }

        foreach (var cells in tables.Take(kinds).Where(cells => int.TryParse(cells[0], out _)))
        {
            rows[$"{cells[1]} {cells[2]} {Parse(cells[0]):0000000000}"] = new Row(cells, []);
        }

        foreach (var cells in tables.Skip(kinds + 2).TakeWhile(cells => cells[0] != "fault"))
        {
            foreach (var (row, i) in rows.Values.Select((row, i) => (row, i)))
            {
                row.Kinds[cells[0]] = Parse(cells[i + 1]);
            }
        }

        return rows;
    }

    private static string Title(Row row) => $"{row.Cells[0]} {(row.Cells[1] == "emulator" ? "" : "Dapr ")}{row.Cells[2]}";

    private static string[] Cells(string line) => [.. line.Trim('|').Split('|').Select(cell => cell.Trim())];

    private static void Line(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static int Parse(string number) => int.Parse(number, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    private sealed record Row(IReadOnlyList<string> Cells, Dictionary<string, int> Kinds);
}
