using System.Globalization;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>
/// The process groups of a run, in a file of the data folder. A killed run leaves its apps behind, and they would block the ports of the
/// next run, which finds them here. The start time tells them from other processes that have the same id by then.
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

    /// <summary>Kills the processes that an earlier run has left behind.</summary>
    /// <param name="say">Receives a line for each app that is killed.</param>
    public void EndAll(Action<string> say)
    {
        if (!File.Exists(file))
        {
            return;
        }

        foreach (var line in File.ReadAllLines(file))
        {
            // The last line may be cut.
            if (line.Split(' ', 3) is [var id, var started, var app]
                && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var group)
                && ProcessGroup.EndLeftover(group, started))
            {
                say($"app '{app}' (process group {id}) was left behind by a killed run and is ended");
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
