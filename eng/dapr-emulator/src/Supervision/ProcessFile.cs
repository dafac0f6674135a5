using System.Globalization;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>
/// Stores the process groups of a run in a file of the data folder. If the run is killed, its apps keep running and block their ports. The next
/// run finds them in this file and kills them. The start time distinguishes them from other processes that reuse an id.
/// </summary>
internal sealed class ProcessFile(string file)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, string> _lines = [];

    public void Add(ProcessGroup group, string app)
    {
        if (ProcessGroup.StartTimeOf(group.Id) is { } started)
        {
            Change(lines => lines[group.Id] = string.Create(CultureInfo.InvariantCulture, $"{group.Id} {started} {app}"));
        }
    }

    public void Remove(ProcessGroup group) => Change(lines => lines.Remove(group.Id));

    /// <summary>Kills the processes of an earlier run that was killed.</summary>
    /// <param name="warn">Receives a message for each app that was killed.</param>
    public void KillLeftovers(Action<string> warn)
    {
        if (!File.Exists(file))
        {
            return;
        }

        foreach (var line in File.ReadAllLines(file))
        {
            // The last line may be incomplete, because the run may have been killed while it wrote the file.
            if (line.Split(' ', 3) is [var id, var started, var app]
                && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var group)
                && ProcessGroup.KillLeftover(group, started))
            {
                warn($"app '{app}' (process group {id}) was still running from an earlier run and was killed");
            }
        }

        File.Delete(file);
    }

    private void Change(Action<Dictionary<int, string>> change)
    {
        lock (_lock)
        {
            change(_lines);
            File.WriteAllLines(file, _lines.Values);
        }
    }
}
