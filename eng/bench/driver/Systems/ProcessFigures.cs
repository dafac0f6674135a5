using System.Globalization;

namespace DaprOrders.Bench.Systems;

/// <summary>Reads the CPU time and memory of a process from /proc. They are zero if the process has ended.</summary>
internal static class ProcessFigures
{
    /// <summary>The unit of CPU times in /proc: USER_HZ, which is 100 on every Linux.</summary>
    private const double TicksPerSecond = 100;

    // The fields of /proc/[pid]/stat after the program name, which may contain any character; see proc(5).
    private const int Parent = 1;
    private const int UserTime = 11;
    private const int SystemTime = 12;
    private const int EndedChildrenUserTime = 13;
    private const int EndedChildrenSystemTime = 14;

    public static TimeSpan Cpu(int id) => Time(Stat(id), UserTime, SystemTime);

    /// <summary>Returns the CPU time of a process with its child processes, both running and ended ones.</summary>
    public static TimeSpan CpuWithChildren(int id) =>
        All().Select(Stat).Where(stat => stat is not [] && stat[Parent] == $"{id}").Select(stat => Time(stat, UserTime, SystemTime))
            .Append(Time(Stat(id), UserTime, SystemTime, EndedChildrenUserTime, EndedChildrenSystemTime))
            .Aggregate(TimeSpan.Zero, (sum, time) => sum + time);

    public static long PeakRssBytes(int id)
    {
        var line = Read(id, "status").Split('\n').FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null ? 0 : 1024 * long.Parse(line.Split(' ', '\t').Last(word => word.All(char.IsAsciiDigit) && word.Length > 0), CultureInfo.InvariantCulture);
    }

    private static IEnumerable<int> All() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0);

    private static TimeSpan Time(string[] stat, params int[] fields) => stat is []
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(fields.Sum(field => long.Parse(stat[field], CultureInfo.InvariantCulture)) / TicksPerSecond);

    private static string[] Stat(int id)
    {
        var text = Read(id, "stat");
        return text.Length == 0 ? [] : text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static string Read(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
