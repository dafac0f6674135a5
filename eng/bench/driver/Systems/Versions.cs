using System.Globalization;
using System.Reflection;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Systems;

/// <summary>The machine, the commit, and the versions of the programs that were measured.</summary>
internal sealed class Versions
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, string> _values = new()
    {
        ["commit"] = Commit(),
        ["cores"] = $"{Environment.ProcessorCount}",
        ["memory"] = string.Create(CultureInfo.InvariantCulture, $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB"),
        [".NET"] = $"{Environment.Version}",
    };

    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>Adds the versions of PostgreSQL, runtime and broker, unless they are known.</summary>
    public async Task AddAsync(StackHost stack, Databases databases)
    {
        if (_values.ContainsKey("PostgreSQL"))
        {
            return;
        }

        _values["PostgreSQL"] = await databases.ReadVersionAsync();
        if (stack.Runtime is DaprRuntime)
        {
            var (_, version) = await ProcessRunner.RunAsync([DaprPrograms.Find().Runtime, "--version"], "/", Timeout, null, CancellationToken.None);
            _values["daprd"] = version.Trim();
        }

        if (stack.Broker is { } broker)
        {
            _values[broker.Name] = await broker.ReadVersionAsync();
        }
    }

    /// <summary>Returns the commit from which this program was built; the SDK writes it into the version.</summary>
    private static string Commit()
    {
        const int shortLength = 7;
        var version = typeof(Versions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        return version.Split('+') is [_, { Length: > shortLength } commit] ? commit[..shortLength] : "unknown";
    }
}
