using System.Text.RegularExpressions;
using DaprOrders.Cli.Testing;
using DaprOrders.Eng.Tests.Deployment;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Checks the commands of the CI workflow, and executes those that do not install or start anything outside the clone.</summary>
[Trait("Form", "scripts")]
public sealed partial class WorkflowTests
{
    private const string Start = "${{ matrix.run }} >run.log 2>&1 &";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Commands => [.. Steps().Select(WithoutMatrix).Distinct()];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_is_valid_shell(string command)
    {
        var (exitCode, output) = await ProcessRunner.RunAsync(["bash", "-n", "-c", command], Repository.Root, Wait.Limit, null, Cancel);

        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void Every_form_that_the_workflow_runs_exists()
    {
        var forms = Steps().SelectMany(step => Form().Matches(WithoutMatrix(step))).Select(match => match.Groups[1].Value).ToList();

        Assert.Equal(["all", "fast"], forms.Order());
        Assert.Contains("dapr", TestForm.All.Select(form => form.Name));
    }

    [Fact(Explicit = true)]
    public async Task Step_that_places_an_order_succeeds_in_a_fresh_clone()
    {
        var step = Assert.Single(Steps(), step => step.StartsWith(Start, StringComparison.Ordinal));
        await using var clone = await CloneWithFreePorts.CreateAsync();
        clone.HideDapr();

        var commands = clone.WithFreePorts(WithoutMatrix(step));
        var (exitCode, output) = await clone.RunToEndAsync("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", commands);

        Assert.True(exitCode == 0, output);
        Assert.Contains("\"confirmed\"", output, StringComparison.Ordinal);
        Platform.Current.Send(RunLock.Holder(Path.Combine(clone.Folder, ".dapr-orders"))!.Value, Signal.Terminate);
        await Wait.UntilAsync("the end of the system", () => clone.Processes().Count == 0);
    }

    private static string WithoutMatrix(string step) =>
        step.Replace("${{ matrix.run }}", "./run.sh", StringComparison.Ordinal).Replace("${{ matrix.test }}", "./test.sh", StringComparison.Ordinal);

    private static List<string> Steps()
    {
        const string file = ".github/workflows/ci.yml";
        var jobs = Yaml.Parse(file, File.ReadAllText(Path.Combine(Repository.Root, file)))[0].At("jobs");
        return [.. jobs.Keys().SelectMany(job => jobs.At(job, "steps").Items()).Select(step => step.Text("run")).OfType<string>()];
    }

    [GeneratedRegex(@"\./test\.sh ([a-z]+)")]
    private static partial Regex Form();
}
