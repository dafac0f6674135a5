using System.Globalization;

namespace DaprOrders.Bench.Systems;

/// <summary>What /proc tells of a process; nothing of one that has ended.</summary>
internal static class ProcessFigures
{
    /// <summary>In what unit /proc gives CPU times: USER_HZ, 100 on every Linux.</summary>
    private const double TicksPerSecond = 100;

    private static readonly string[] SocketTables = ["/proc/net/tcp", "/proc/net/tcp6"];

    // Fields of /proc/[pid]/stat behind the name, which may contain anything: proc(5).
    private const int Parent = 1;
    private const int UserTime = 11;
    private const int SystemTime = 12;
    private const int EndedChildrenUserTime = 13;
    private const int EndedChildrenSystemTime = 14;

    public static TimeSpan Cpu(int id) => Time(Stat(id), UserTime, SystemTime);

    /// <summary>With the children: those that run, and those that have ended, which their parent keeps account of.</summary>
    public static TimeSpan CpuOfFamily(int id) =>
        All().Select(Stat).Where(stat => stat is not [] && stat[Parent] == $"{id}").Select(stat => Time(stat, UserTime, SystemTime))
            .Append(Time(Stat(id), UserTime, SystemTime, EndedChildrenUserTime, EndedChildrenSystemTime))
            .Aggregate(TimeSpan.Zero, (sum, time) => sum + time);

    public static long PeakRssBytes(int id)
    {
        var line = Read(id, "status").Split('\n').FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return line is null ? 0 : 1024 * long.Parse(line.Split(' ', '\t').Last(word => word.All(char.IsAsciiDigit) && word.Length > 0), CultureInfo.InvariantCulture);
    }

    /// <summary>Finds who listens on a port of this machine.</summary>
    public static int? Listener(int port)
    {
        var inodes = SocketTables.Where(File.Exists).SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length > 9 && fields[3] == "0A" && fields[1].EndsWith($":{port:X4}", StringComparison.Ordinal))
            .Select(fields => $"socket:[{fields[9]}]")
            .ToHashSet();
        return All().Cast<int?>().FirstOrDefault(id => Sockets(id!.Value).Any(inodes.Contains));
    }

    private static IEnumerable<int> All() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
        .Where(id => id > 0);

    private static List<string> Sockets(int id)
    {
        try
        {
            return Directory.GetFiles($"/proc/{id}/fd").Select(file => new FileInfo(file).LinkTarget ?? "").ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

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
