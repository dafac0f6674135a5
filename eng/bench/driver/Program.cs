using DaprOrders.Bench;
using DaprOrders.Bench.Parts;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

const int beside = 2;
var (options, status) = CommandLine.Parse(args);
if (options is null)
{
    return status;
}

_ = Interruption.Listen();
try
{
    Directory.CreateDirectory(options.Output); // fails now, not after hours
    options = await Preparation.ChooseRuntimeAsync(options);
    var results = Results.New(options);
    options = await Preparation.PrepareBaselineAsync(options, results);
    if (!options.IsBesideOtherLoad && await OtherLoad.FindAsync() is { } otherLoad)
    {
        Console.Error.WriteLine($"bench: {otherLoad}");
        return beside;
    }

    var parts = Create(options).ToList();
    var progress = new Progress(parts.Sum(part => part.Steps), parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + part.Estimate));
    progress.Begin();
    foreach (var part in parts)
    {
        await part.RunAsync(results, progress);
        results.Write(options.Output); // after each part, so that a failure of a later part loses nothing
    }

    Console.Write(MarkdownReport.Of(results));
    Progress.Write($"Written to {options.Output}");
    return results.Failures.Count == 0 ? 0 : 1;
}
catch (Exception e) when (e is InvalidOperationException or StackException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}

static IEnumerable<IPart> Create(BenchOptions options)
{
    if (options.Parts.Any(part => part is Part.Compare or Part.Latency))
    {
        yield return new Comparison(options);
    }

    foreach (var part in options.Parts.Where(part => part is not (Part.Compare or Part.Latency)).Distinct())
    {
        yield return part switch
        {
            Part.Batch => new BatchIntake(options),
            Part.Growth => new Growth(options),
            Part.Telemetry => new TelemetryCost(options),
            _ => new StartTimes(options),
        };
    }
}
