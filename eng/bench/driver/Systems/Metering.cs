namespace DaprOrders.Bench.Systems;

/// <summary>Measures what the processes of a system use between its creation and <see cref="StopAsync"/>.</summary>
internal sealed class Metering : IAsyncDisposable
{
    /// <summary>The interval at which the threads are read, so that little is lost when one ends. Reading them takes a few milliseconds.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    private readonly ProcessGroups _groups;
    private readonly Dictionary<(string Group, int Thread), (long First, long Last)> _threads = [];
    private readonly Dictionary<string, TimeSpan> _before;
    private readonly TimeSpan _busyBefore;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _sampling;

    public Metering(ProcessGroups groups)
    {
        _groups = groups;
        Sample(isFirst: true);
        _before = groups.ReadCpu();
        _busyBefore = ProcessFigures.Busy();
        _sampling = SampleAsync();
    }

    public async Task<Usage> StopAsync()
    {
        var after = _groups.ReadCpu();
        var busy = ProcessFigures.Busy() - _busyBefore;
        await DisposeAsync();
        _groups.RequireRunning();
        Sample(isFirst: false);

        var cpu = after.ToDictionary(used => used.Key, used => used.Value - _before[used.Key]);
        cpu[Usage.Other] = TimeSpan.FromTicks(Math.Max(0, (busy - cpu.Values.Aggregate((sum, time) => sum + time)).Ticks));
        return new Usage(
            cpu,
            _threads.GroupBy(thread => thread.Key.Group).ToDictionary(group => group.Key, group => group.Sum(thread => thread.Value.Last - thread.Value.First)),
            _groups.Running().ToDictionary(group => group.Key, group => group.Value.Max(ProcessFigures.PeakRssBytes)));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopping.IsCancellationRequested)
        {
            await _stopping.CancelAsync();
            await _sampling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stopping.Dispose();
        }
    }

    private async Task SampleAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        while (await timer.WaitForNextTickAsync(_stopping.Token))
        {
            Sample(isFirst: false);
        }
    }

    private void Sample(bool isFirst)
    {
        foreach (var (group, ids) in _groups.Running())
        {
            foreach (var (thread, switches) in ids.SelectMany(ProcessFigures.Switches))
            {
                // A thread that was created after the first sample counts from zero.
                var first = isFirst ? switches : _threads.GetValueOrDefault((group, thread)).First;
                _threads[(group, thread)] = (first, switches);
            }
        }
    }
}
