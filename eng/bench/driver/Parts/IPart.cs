using DaprOrders.Bench.Report;

namespace DaprOrders.Bench.Parts;

/// <summary>A part of the benchmark. It adds its measurements to the results.</summary>
internal interface IPart
{
    /// <summary>Gets the number of progress steps that it reports.</summary>
    int Steps { get; }

    /// <summary>Gets the approximate duration.</summary>
    TimeSpan Estimate { get; }

    Task RunAsync(Results results, Progress progress);
}
