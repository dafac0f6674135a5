using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Bench.Report;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Parts;

/// <summary>Measures the time from the start of the system, on a running PostgreSQL with empty databases, to the first confirmed order.</summary>
internal sealed class StartTimes(BenchOptions options) : IPart
{
    private const int Repeats = 3;

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    public int Steps => (MeasuresPublished ? 1 : 0) + (MeasuresClone ? 2 : 0);

    public TimeSpan Estimate => TimeSpan.FromSeconds((MeasuresPublished ? 40 : 0) + (MeasuresClone ? 130 : 0));

    private bool MeasuresPublished => options.Stack.Published is not null;

    /// <summary>Gets whether the built system and a new clone are measured, which needs the repository and the emulator.</summary>
    private bool MeasuresClone => Repository.IsHere && options.Stack.Runtime is RuntimeKind.Emulator;

    public async Task RunAsync(Results results, Progress progress)
    {
        if (MeasuresPublished)
        {
            progress.Step($"Start: {Names.Published}, {Repeats} times");
            results.Starts.Add(await MedianAsync(Names.Published, options.Stack));
            Progress.Write($"{results.Starts[^1].Seconds:F1} s");
        }

        if (MeasuresClone)
        {
            progress.Step($"Start: {Names.Built}, {Repeats} times");
            results.Starts.Add(await MedianAsync(Names.Built, options.Stack with { Published = null }));
            Progress.Write($"{results.Starts[^1].Seconds:F1} s");
            progress.Step($"Start: {Names.CleanClone}");
            results.Starts.Add(await CleanClone.StartAsync());
            Progress.Write($"{results.Starts[^1].Seconds:F1} s");
        }
    }

    /// <summary>Places orders until one is accepted, and waits until that order is confirmed.</summary>
    public static async Task FirstOrderAsync(HttpClient gateway)
    {
        using var limit = new CancellationTokenSource(Timeout);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        Uri? order = null;
        while (await timer.WaitForNextTickAsync(limit.Token))
        {
            try
            {
                order ??= await PlaceAsync(gateway, limit.Token);
                if (order is not null && await StatusAsync(gateway, order, limit.Token) == "confirmed")
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // The gateway is not listening yet.
            }
        }
    }

    private static async Task<StartTime> MedianAsync(string what, StackSettings settings)
    {
        var seconds = new List<double>();
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            await using var stack = new StackHost(null, settings);
            Interruption.Add(stack);
            await stack.PrepareAsync();
            var started = Stopwatch.GetTimestamp();
            await stack.Runtime.StartAsync();
            await FirstOrderAsync(stack.Gateway);
            seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            Interruption.Remove(stack);
        }

        return new StartTime(what, seconds.Order().ElementAt(Repeats / 2));
    }

    private static async Task<Uri?> PlaceAsync(HttpClient gateway, CancellationToken cancellationToken)
    {
        using var response = await gateway.PostAsJsonAsync("/orders", new { item_id = "item-1", quantity = 1 }, cancellationToken);
        return response.IsSuccessStatusCode ? response.Headers.Location : null;
    }

    private static async Task<string?> StatusAsync(HttpClient gateway, Uri order, CancellationToken cancellationToken)
    {
        using var response = await gateway.GetAsync(new Uri($"{order}?wait=1s", UriKind.Relative), cancellationToken);
        return response.IsSuccessStatusCode
            ? (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("status").GetString()
            : null;
    }
}
