using System.Globalization;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>
/// The process groups of a run, in a file of the data folder: a run that is killed leaves its apps behind, and these block the
/// ports of the next one, which finds them here. An id alone could be somebody else's by then; with the start time it is not.
/// </summary>
internal sealed class RememberedProcesses(string file)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, string> _lines = [];

    public void Add(ProcessGroup group, string app)
    {
        if (ProcessGroup.StartOf(group.Id) is { } started)
        {
            Change(lines => lines[group.Id] = string.Create(CultureInfo.InvariantCulture, $"{group.Id} {started} {app}"));
        }
    }

    public void Remove(ProcessGroup group) => Change(lines => lines.Remove(group.Id));

    /// <summary>Kills what a run before this one has left behind.</summary>
    /// <param name="say">Told of each app whose processes were still there.</param>
    public void EndAll(Action<string> say)
    {
        if (!File.Exists(file))
        {
            return;
        }

        foreach (var line in File.ReadAllLines(file))
        {
            // A line that the end of the run has cut short is none.
            if (line.Split(' ', 3) is [var id, var started, var app]
                && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var group)
                && ProcessGroup.EndLeftover(group, started))
            {
                say($"app '{app}' was left behind by a run that was killed, as process group {id}; it is ended");
            }
        }

        File.Delete(file);
    }

    private void Change(Action<Dictionary<int, string>> change)
    {
        lock (_gate)
        {
            change(_lines);
            File.WriteAllLines(file, _lines.Values);
        }
    }
}
