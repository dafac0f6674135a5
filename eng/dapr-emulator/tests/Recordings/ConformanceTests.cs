using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays every case of every recording, except for those in <see cref="SkippedCases"/>.</summary>
public sealed class ConformanceTests
{
    // These entries describe the recording. They are not cases.
    private static readonly string[] Descriptions = ["run_file/what", "run_file/run_file"];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var path in Directory.EnumerateFiles(Path.Combine(Recording.Folder, "dapr-1.18.3"), "*.json").Order(StringComparer.Ordinal))
            {
                var file = Path.GetFileNameWithoutExtension(path);
                foreach (var (name, _) in Recording.File(file).Where(recorded => !SkippedCases.Contains(file, recorded.Key) && !Descriptions.Contains($"{file}/{recorded.Key}")))
                {
                    cases.Add(file, name);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Emulator_behaves_like_the_recorded_Dapr(string file, string name)
    {
        await using var replay = Replay.Of(file);
        await replay.RunAsync(name, Recording.File(file)[name]!);
    }

    [Fact]
    public void README_lists_the_cases_that_are_not_replayed()
    {
        var readme = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md"));

        Assert.Contains(SkippedCases.AsTable() + "\n\n", readme);
    }
}
