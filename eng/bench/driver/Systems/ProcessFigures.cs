using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using DaprOrders.Bench.Load;

namespace DaprOrders.Bench.Systems;

/// <summary>Reads the figures of a process from the kernel. They are zero if the process has ended.</summary>
internal static partial class ProcessFigures
{
    /// <summary>The unit of CPU times in /proc: USER_HZ, which is 100 on every Linux.</summary>
    public const double TicksPerSecond = 100;

    // The fields of /proc/[pid]/stat after the program name, which may contain any character; see proc(5).
    private const int UserTime = 11;
    private const int SystemTime = 12;
    private const int EndedChildrenUserTime = 13;
    private const int EndedChildrenSystemTime = 14;

    /// <summary>
    /// Returns the CPU time of all threads, including those that have ended. It is the kernel's CPU clock of the process, which has the precision of
    /// schedstat. /proc/[pid]/schedstat has only the main thread, its task folder only running threads, and /proc/[pid]/stat only ticks of 10 ms.
    /// </summary>
    public static TimeSpan Cpu(int id) => GetTime((~id << 3) | 2, out var time) == 0
        ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0)
        : TimeSpan.Zero;

    /// <summary>Returns the user and system time in ticks.</summary>
    public static long Ticks(int id) => Sum(id, UserTime, SystemTime);

    /// <summary>Returns the CPU time of the child processes that have ended.</summary>
    public static TimeSpan CpuOfEndedChildren(int id) => TimeSpan.FromSeconds(Sum(id, EndedChildrenUserTime, EndedChildrenSystemTime) / TicksPerSecond);

    /// <summary>Returns how often each running thread was scheduled, by thread id.</summary>
    public static IEnumerable<(int Thread, long Switches)> Switches(int id)
    {
        foreach (var thread in Ids($"/proc/{id}/task"))
        {
            // The fields: time on a CPU, time in the run queue, number of times on a CPU. The last one counts voluntary and involuntary switches.
            if (ReadShort($"/proc/{id}/task/{thread}/schedstat").Split(' ') is [_, _, var switches])
            {
                yield return (thread, long.Parse(switches, CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>Returns the running child processes.</summary>
    public static IReadOnlyList<int> Children(int id) =>
        [.. Read($"/proc/{id}/task/{id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(child => int.Parse(child, CultureInfo.InvariantCulture))];

    /// <summary>Returns all processes.</summary>
    public static IReadOnlyList<int> All() => Ids("/proc");

    /// <summary>Returns the name of a process.</summary>
    public static string Name(int id) => Read($"/proc/{id}/comm").Trim();

    public static long PeakRssBytes(int id)
    {
        var line = Read($"/proc/{id}/status").Split('\n').FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null ? 0 : 1024 * long.Parse(line.Split(' ', '\t').Last(word => word.All(char.IsAsciiDigit) && word.Length > 0), CultureInfo.InvariantCulture);
    }

    /// <summary>Returns how long the CPUs of this machine have been busy, without the time that a hypervisor took from them.</summary>
    public static TimeSpan Busy()
    {
        // The fields: user, nice, system, idle, iowait, irq, softirq, steal, ...
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToList();
        return TimeSpan.FromSeconds((fields[0] + fields[1] + fields[2] + fields[5] + fields[6]) / TicksPerSecond);
    }

    private static long Sum(int id, params int[] fields)
    {
        var text = Read($"/proc/{id}/stat");
        var stat = text.Length == 0 ? [] : text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return stat is [] ? 0 : fields.Sum(field => long.Parse(stat[field], CultureInfo.InvariantCulture));
    }

    private static List<int> Ids(string folder)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(folder)
                .Select(entry => int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0).Where(id => id > 0)];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Reads a short file without the buffers of a stream, because hundreds of them are read during a measurement.</summary>
    private static string ReadShort(string file)
    {
        try
        {
            Span<byte> content = stackalloc byte[128];
            using var handle = File.OpenHandle(file);
            return Encoding.ASCII.GetString(content[..RandomAccess.Read(handle, content, 0)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Timespec time);
}
