using DaprOrders.Bench.Report;

namespace DaprOrders.Bench.Parts;

/// <summary>A part of the run, with what it adds to the results.</summary>
internal interface IPart
{
    /// <summary>Gets how often it tells what it does.</summary>
    int Steps { get; }

    /// <summary>Gets about how long it takes.</summary>
    TimeSpan Estimate { get; }

    Task RunAsync(Results results, Progress progress);
}
