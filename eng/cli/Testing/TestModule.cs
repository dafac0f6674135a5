using System.Globalization;
using System.Xml.Linq;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Testing;

/// <summary>Runs one test project and writes its output to a file.</summary>
internal sealed class TestModule(TestProject project, string results)
{
    private readonly string _file = Path.Combine(results, $"{project}".Replace('/', '-').Replace(' ', '-'));

    private string Program => project.Folder == TestForm.EmulatorTests
        ? Path.Combine(Repository.Root, "eng/dapr-emulator/artifacts/bin/DaprOrders.DaprEmulator.Tests/debug/DaprOrders.DaprEmulator.Tests.dll")
        : Repository.Built(Assembly, $"{Assembly}.dll");

    private Dictionary<string, string> Environment =>
        project.Broker is null ? [] : new() { ["STACK"] = "dapr", ["BROKER"] = project.Broker };

    private string Assembly => Path.GetFileNameWithoutExtension(Directory.GetFiles(Path.Combine(Repository.Root, project.Folder), "*.csproj").Single());

    public async Task<TestResult> RunAsync(IEnumerable<string> options, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        if (await project.ReasonToSkipAsync(cancellationToken) is { } reason)
        {
            return new TestResult($"{project}", TimeSpan.Zero, 0, 0, await CountAsync([.. options, .. project.Options], cancellationToken), [reason], $"{_file}.log");
        }

        int? exitCode;
        await using (var log = TextWriter.Synchronized(new StreamWriter($"{_file}.log")))
        {
            exitCode = await ProcessRunner.StreamAsync(
                ["dotnet", Program, "-noColor", "-noLogo", "-longRunning", "120", "-result-trx", $"{_file}.trx", .. options, .. project.Options],
                Repository.Root, project.Timeout, Environment, log.WriteLine, cancellationToken);
        }

        var (passed, failed, skipped) = File.Exists($"{_file}.trx") ? Count(XDocument.Load($"{_file}.trx")) : (0, 0, []);
        return new TestResult($"{project}", TimeProvider.System.GetElapsedTime(began), passed, exitCode is 0 ? failed : Math.Max(failed, 1), skipped.Count, skipped, $"{_file}.log");
    }

    /// <summary>Returns the number of tests that would run.</summary>
    private async Task<int> CountAsync(string[] options, CancellationToken cancellationToken)
    {
        var (_, output) = await ProcessRunner.RunAsync(
            ["dotnet", Program, "-noColor", "-noLogo", "-list", "tests", .. options], Repository.Root, project.Timeout, Environment, cancellationToken);
        return output.Split('\n').Count(line => line.Contains("Tests.", StringComparison.Ordinal));
    }

    private static (int Passed, int Failed, IReadOnlyList<string> Skipped) Count(XDocument report)
    {
        var counters = report.Descendants().Single(element => element.Name.LocalName == "Counters");
        var skipped = report.Descendants()
            .Where(element => element.Name.LocalName == "UnitTestResult" && (string?)element.Attribute("outcome") == "NotExecuted")
            .Select(element => $"{(string?)element.Attribute("testName")}: {element.Value.Trim()}");
        return (Value("passed"), Value("failed") + Value("error"), [.. skipped]);

        int Value(string name) => int.Parse(counters.Attribute(name)!.Value, CultureInfo.InvariantCulture);
    }
}

/// <summary>The result of one test project.</summary>
/// <param name="Failed">The number of failed tests; at least one if the program itself failed.</param>
/// <param name="Skipped">The number of skipped tests.</param>
/// <param name="Reasons">Why tests were skipped, one line for each test or for all of them.</param>
/// <param name="Log">The path of the file with the output.</param>
internal sealed record TestResult(string Name, TimeSpan Time, int Passed, int Failed, int Skipped, IReadOnlyList<string> Reasons, string Log);
