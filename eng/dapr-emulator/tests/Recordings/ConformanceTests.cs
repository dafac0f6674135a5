using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Every case of every recording is played, or stands in the list of deviations.</summary>
public sealed class ConformanceTests
{
    public static TheoryData<string, string> Cases => Deviations.Played();

    [Theory]
    [MemberData(nameof(Cases))]
    public Task It_does_what_the_runtime_did(string file, string name) => Player.PlayAsync(file, name, Recording.File(file)[name]!);

    [Fact]
    public void The_README_lists_the_deviations()
    {
        var readme = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md"));

        Assert.Contains(Deviations.AsTable(), readme);
    }

    [Fact]
    public void A_deviation_is_a_case_that_exists() => Assert.All(
        Deviations.All, deviation => Assert.True(deviation.Case == "*" || Recording.File(deviation.File).ContainsKey(deviation.Case)));
}

/// <summary>The players are no pushovers: another value in a recording makes its test fail.</summary>
public sealed class OtherValueTests
{
    public static TheoryData<string, string> Cases => Deviations.Played();

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Another_value_in_the_recording_is_noticed(string file, string name)
    {
        var recorded = Recording.File(file)[name]!.DeepClone();
        var changed = OtherValue.In(recorded);

        var noticed = await Record.ExceptionAsync(() => Player.PlayAsync(file, name, changed, TimeSpan.FromSeconds(2)));

        Assert.True(noticed is not null, $"nothing was noticed of {changed.ToJsonString()}");
    }
}
