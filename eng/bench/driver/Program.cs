using DaprOrders.Bench;
using DaprOrders.Bench.Parts;
using DaprOrders.Bench.Report;
using DaprOrders.Stack;

var (options, status) = BenchOptions.Parse(args);
if (options is null)
{
    return status;
}

_ = Interruption.Listen();
var parts = options.Parts.Distinct().Select<Part, IPart>(part => part switch
{
    Part.Compare => new Comparison(options),
    Part.Batch => new BatchIntake(options),
    Part.Growth => new Growth(options),
    Part.Telemetry => new TelemetryCost(options),
    _ => new StartTimes(options),
}).ToList();

var results = Results.New(options);
var progress = new Progress(parts.Sum(part => part.Steps), parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + part.Estimate));
progress.Begin();
try
{
    foreach (var part in parts)
    {
        await part.RunAsync(results, progress);
        results.Write(options.Output); // after each part, so that a failure of a later part loses nothing
    }
}
catch (Exception e) when (e is InvalidOperationException or StackException)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}

Console.Write(MarkdownReport.Of(results));
Progress.Write($"Written to {options.Output}");
return 0;
