using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Parts;

/// <summary>Measures the time of list pages through the gateway, and of the query of the sweep.</summary>
internal static class ReadTimes
{
    private const int Pages = 20;
    private const int Repeats = 5;

    private static readonly (string What, string Path)[] Lists =
    [
        ("orders, 50 per page", "/orders?limit=50"),
        ("orders, 200 per page", "/orders?limit=200"),
        ("confirmed orders, 50 per page", "/orders?status=confirmed&limit=50"),
        ("rejected orders, 50 per page", "/orders?status=rejected&limit=50"),
        ("pending orders", "/orders?status=pending&limit=50"),
        ("notifications, 50 per page", "/notifications?limit=50"),
    ];

    public static int Count => Lists.Length + 1;

    /// <param name="rows">The number of old rows, for the report.</param>
    public static async Task<IReadOnlyList<ReadTime>> MeasureAsync(SystemUnderTest system, int rows)
    {
        using var http = new HttpClient { BaseAddress = system.Gateway };
        var times = new List<ReadTime>();
        foreach (var (what, path) in Lists)
        {
            times.Add(new ReadTime(what, rows, Percentiles.Of(await ReadPagesAsync(http, path))));
        }

        times.Add(new ReadTime("query of the sweep", rows, Percentiles.Of(await SweepAsync(system.Databases))));
        return times;
    }

    private static async Task<List<double>> ReadPagesAsync(HttpClient http, string path)
    {
        var times = new List<double>();
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            var page = path;
            for (var n = 0; n < Pages && page is not null; n++)
            {
                var started = Stopwatch.GetTimestamp();
                var list = await http.GetFromJsonAsync<JsonElement>(page);
                if (repeat > 0)
                {
                    times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds); // the first pages compile the query
                }

                page = list.GetProperty("next").GetString() is { } cursor ? $"{path}&cursor={Uri.EscapeDataString(cursor)}" : null;
            }
        }

        return times;
    }

    private static async Task<List<double>> SweepAsync(Databases databases)
    {
        var times = new List<double>();
        for (var n = 0; n < Pages * Repeats; n++)
        {
            var started = Stopwatch.GetTimestamp();
            await Databases.ScalarAsync(
                databases.Orders, $"SELECT id FROM {databases.Table("orders")} WHERE status = 'pending' AND next_sweep_at <= now() ORDER BY next_sweep_at LIMIT 100");
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return times[Pages..];
    }
}
