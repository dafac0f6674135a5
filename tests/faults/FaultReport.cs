using System.Globalization;
using System.Text;

namespace DaprOrders.Faults.Tests;

/// <summary>Writes docs/faults.md with one row per seed. Keeps the rows of other seeds, so that a campaign can run in parts.</summary>
internal static class FaultReport
{
    private static readonly string[] Columns = ["seed", "faults", "orders", "duplicates handled", "events lost by the broker", "violations", "s until idle", "s in total"];

    public static void Add(string file, FaultRunResult result)
    {
        var rows = File.Exists(file) ? Read(file) : [];
        rows[result.Seed] = new Row(
            [result.Faults, result.Orders, result.Duplicates.Values.Sum(), result.LostEvents, result.Violations.Count, (int)result.TimeToIdle.TotalSeconds, (int)result.Duration.TotalSeconds],
            result.FaultsByKind.ToDictionary());
        File.WriteAllText(file, Text(rows));
    }

    internal static string Text(SortedDictionary<int, Row> rows)
    {
        var kinds = rows.Values.SelectMany(row => row.Kinds.Keys).Distinct().Order(StringComparer.Ordinal).ToList();
        var text = new StringBuilder();
        text.Append(
            """
            # Results of the fault campaign

            The system has two instances of order, inventory and notification, one gateway, and a proxy between each service and its sidecar. PostgreSQL
            runs with durable settings on a small disk. 24 clients place orders during the whole run. After the last fault the clients stop, the system
            becomes idle, and the invariants in `tests/faults/Checks/Invariants.cs` are checked with SQL. The faults are in `tests/faults/Kinds`.

            `./run.sh faults` writes this page and takes about 40 minutes on 2 cores. `./run.sh faults 7` repeats one seed, `./run.sh faults 13-20` adds
            seeds. A seed determines the faults and their order. Which requests a fault hits depends on timing.


            """);
        Line(text, Columns);
        Line(text, Columns.Select(_ => "---:"));
        foreach (var (seed, row) in rows)
        {
            Line(text, [$"{seed}", .. row.Figures.Select(Number)]);
        }

        Line(text, ["**all**", .. Enumerable.Range(0, Columns.Length - 1).Select(i => $"**{Number(rows.Values.Sum(row => row.Figures[i]))}**")]);
        text.Append("\nFaults by kind and seed:\n\n");
        Line(text, ["kind", .. rows.Keys.Select(seed => $"{seed}"), "all"]);
        Line(text, ["---", .. rows.Keys.Select(_ => "---:"), "---:"]);
        foreach (var kind in kinds)
        {
            Line(text, [kind, .. rows.Values.Select(row => Number(row.Kinds.GetValueOrDefault(kind))), Number(rows.Values.Sum(row => row.Kinds.GetValueOrDefault(kind)))]);
        }

        return text.ToString();
    }

    /// <summary>Reads a file that <see cref="Text"/> created.</summary>
    internal static SortedDictionary<int, Row> Read(string file)
    {
        var lines = File.ReadAllLines(file).Where(line => line.StartsWith('|')).Select(Cells).ToList();
        var second = lines.FindIndex(cells => cells[0] == "kind");
        var rows = new SortedDictionary<int, Row>();
        foreach (var cells in lines.Take(second).Where(cells => int.TryParse(cells[0], out _)))
        {
            rows[int.Parse(cells[0], CultureInfo.InvariantCulture)] = new Row([.. cells.Skip(1).Select(Parse)], []);
        }

        var seeds = lines[second];
        foreach (var cells in lines.Skip(second + 2))
        {
            for (var i = 1; i < cells.Length - 1; i++)
            {
                rows[Parse(seeds[i])].Kinds[cells[0]] = Parse(cells[i]);
            }
        }

        return rows;
    }

    private static string[] Cells(string line) => [.. line.Trim('|').Split('|').Select(cell => cell.Trim())];

    private static void Line(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Number(int number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static int Parse(string number) => int.Parse(number, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    internal sealed record Row(IReadOnlyList<int> Figures, Dictionary<string, int> Kinds);
}
