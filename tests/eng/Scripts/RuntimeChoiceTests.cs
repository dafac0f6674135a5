using System.Text.RegularExpressions;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Which runtime ./run.sh takes, and what it is told.</summary>
[Trait("Form", "scripts")]
public sealed partial class RuntimeChoiceTests
{
    private const string DaprRun = "dapr run -f .run/dapr.yaml";
    private const string Emulator =
        "dotnet eng/dapr-emulator/artifacts/bin/DaprOrders.DaprEmulator/debug/dapr-emulator.dll run -f .run/dapr.yaml --data .run/broker";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData("kafka", 9092)]
    [InlineData("redis", 6379)]
    [InlineData("rabbitmq", 5672)]
    public async Task Where_Dapr_and_its_broker_are_the_system_runs_on_them(string broker, int port)
    {
        await using var machine = await MachineAsync();
        machine.InstallDapr();
        machine.Listen(port, "yes");
        machine.ServicesAreReadyOnce("dapr run");
        await machine.Clone.ReplaceAsync("dapr.yaml", "./components/kafka]", $"./components/{broker}]");

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.Equal(DaprRun, machine.Calls[^1]);
        Assert.Contains($"Broker    {broker} on 127.0.0.1:{machine.Clone.FreePortOf(port)}", machine.Clone.Output, StringComparison.Ordinal);
        Assert.Contains("Runtime   Dapr, ", machine.Clone.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task The_run_file_that_Dapr_gets_differs_from_dapr_yaml_only_in_paths_and_in_starting_what_was_built()
    {
        await using var machine = await MachineAsync();
        machine.InstallDapr();
        machine.Listen(9092, "yes");
        machine.ServicesAreReadyOnce("dapr run");

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        var original = await LinesAsync(machine, "dapr.yaml");
        var copy = await LinesAsync(machine, ".run/dapr.yaml");
        Assert.Equal(original.Select(FromRunFolder), copy);
    }

    [Fact(Explicit = true)]
    public async Task A_broker_that_comes_while_it_is_waited_for_is_used()
    {
        await using var machine = await MachineAsync();
        machine.InstallDapr();
        machine.ServicesAreReadyOnce("dapr run");
        var started = machine.Clone.StartAsync();

        await machine.UntilSaidAsync($"Waiting up to 60 s for kafka on 127.0.0.1:{machine.Clone.FreePortOf(9092)}");
        machine.Listen(9092, "yes");

        Assert.True(await started, machine.Clone.Output);
        Assert.Equal(DaprRun, machine.Calls[^1]);
    }

    [Fact(Explicit = true)]
    public async Task Where_Dapr_is_not_the_development_sidecar_plays_it()
    {
        await using var machine = await MachineAsync();
        machine.ServicesAreReadyOnce("dotnet eng");

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.Equal(Emulator, machine.Calls[^1]);
        Assert.Contains("Runtime   Dapr emulator, as there is no dapr on PATH\n", machine.Clone.Output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Where_the_Dapr_CLI_has_no_runtime_the_development_sidecar_plays_it()
    {
        await using var machine = await MachineAsync();
        machine.InstallDapr(withRuntime: false);
        machine.ServicesAreReadyOnce("dotnet eng");

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);

        Assert.Equal(Emulator, machine.Calls[^1]);
        Assert.Contains("/.dapr/bin/daprd; dapr init --slim installs it\n", machine.Clone.Output, StringComparison.Ordinal);
    }

    [Theory(Explicit = true)]
    [InlineData(3, 1, "run.sh: dapr ended by itself with status 3")]
    [InlineData(0, 0, "")] // dapr stop
    public async Task When_the_runtime_ends_by_itself_so_does_the_script(int status, int expected, string message)
    {
        await using var machine = await MachineAsync();
        machine.InstallDapr();
        machine.Install("dapr", $"exit {status}");
        machine.Listen(9092, "yes");

        Assert.Equal((expected, message), await machine.Clone.TryRunAsync());
    }

    private static async Task<Machine> MachineAsync()
    {
        var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        machine.RunPostgres();
        return machine;
    }

    /// <summary>The lines of a run file, without comments.</summary>
    private static async Task<List<string>> LinesAsync(Machine machine, string file) =>
        (await File.ReadAllLinesAsync(Path.Combine(machine.Clone.Folder, file), Cancel))
            .Where(line => !line.TrimStart().StartsWith('#')).ToList();

    private static string FromRunFolder(string line)
    {
        // Build folder and project are named after the app, but three projects bear their role.
        line = Command().Replace(line, match =>
        {
            var app = char.ToUpperInvariant(match.Groups[1].Value[0]) + match.Groups[1].Value[1..];
            var project = app == "Gateway" ? "DaprOrders.Gateway" : $"DaprOrders.{app}Service";
            return $"[dotnet, ../../artifacts/bin/{project}/debug/{project}.dll]";
        });
        return line.Contains("../../", StringComparison.Ordinal) ? line : line.Replace("./", "../", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\[dotnet, run, --artifacts-path, ../../artifacts/(\w+)\]")]
    private static partial Regex Command();
}
