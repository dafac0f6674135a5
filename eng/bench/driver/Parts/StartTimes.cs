using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Bench.Report;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Parts;

/// <summary>From the start of the system, on a PostgreSQL that runs and holds empty databases, to the first confirmed order.</summary>
internal sealed class StartTimes(BenchOptions options) : IPart
{
    private const int Times = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public int Steps => (CanPublished ? 1 : 0) + (CanClone ? 2 : 0);

    public TimeSpan Estimate => TimeSpan.FromSeconds((CanPublished ? 40 : 0) + (CanClone ? 130 : 0));

    private bool CanPublished => options.Stack.Published is not null;

    /// <summary>A clone is made of a clone, and dapr.yaml has fixed ports; what was published lies anywhere.</summary>
    private bool CanClone => Repository.IsHere && options.Stack.Runtime is RuntimeKind.Emulator;

    public async Task RunAsync(Results results, Progress progress)
    {
        if (CanPublished)
        {
            progress.Step($"Start: {Names.Published}, {Times} times");
            results.Starts.Add(await MedianAsync(Names.Published, options.Stack));
            Progress.Say($"{results.Starts[^1].Seconds:F1} s");
        }

        if (CanClone)
        {
            progress.Step($"Start: {Names.Built}, {Times} times");
            results.Starts.Add(await MedianAsync(Names.Built, options.Stack with { Published = null }));
            Progress.Say($"{results.Starts[^1].Seconds:F1} s");
            progress.Step($"Start: {Names.CleanClone}");
            results.Starts.Add(await CleanClone.StartAsync());
            Progress.Say($"{results.Starts[^1].Seconds:F1} s");
        }
    }

    /// <summary>Places orders until one is taken, and asks for it until it is confirmed.</summary>
    public static async Task FirstOrderAsync(HttpClient gateway)
    {
        using var limit = new CancellationTokenSource(Patience);
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
                // It does not listen yet.
            }
        }
    }

    private static async Task<StartTime> MedianAsync(string what, StackSettings settings)
    {
        var seconds = new List<double>();
        for (var time = 0; time < Times; time++)
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

        return new StartTime(what, seconds.Order().ElementAt(Times / 2));
    }

    private static async Task<Uri?> PlaceAsync(HttpClient gateway, CancellationToken cancellationToken)
    {
        using var answer = await gateway.PostAsJsonAsync("/orders", new { item_id = "item-1", quantity = 1 }, cancellationToken);
        return answer.IsSuccessStatusCode ? answer.Headers.Location : null;
    }

    private static async Task<string?> StatusAsync(HttpClient gateway, Uri order, CancellationToken cancellationToken)
    {
        using var answer = await gateway.GetAsync(new Uri($"{order}?wait=1s", UriKind.Relative), cancellationToken);
        return answer.IsSuccessStatusCode
            ? (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("status").GetString()
            : null;
    }
}
