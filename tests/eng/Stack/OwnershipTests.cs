using System.Diagnostics;
using System.Runtime.Versioning;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Stack;

[UnsupportedOSPlatform("windows")]
public sealed class OwnershipTests
{
    private const string Marker = "KILLED_RUN";

    private readonly string _id = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Next_start_removes_processes_mounts_and_folders_of_a_killed_run()
    {
        // The run uses the emulator, and as root an in-memory disk.
        var program = Repository.Built("DaprOrders.Faults.Tests", "DaprOrders.Faults.Tests.dll");
        using var run = Process.Start(new ProcessStartInfo("sh", ["-c", "exec \"$@\" > /dev/null 2>&1", "sh", "dotnet", program, "-class", "*SmokeTests"])
        {
            Environment = { [Marker] = _id, ["STACK"] = "emulator" },
        })!;
        try
        {
            await Wait.UntilAsync("the services of the run to start", () => Started().Count(command => command.Contains("DaprOrders.", StringComparison.Ordinal)) > 2);
        }
        finally
        {
            Platform.Current.Send(run.Id, Signal.Kill);
        }

        await Wait.UntilAsync("the end of the run", () => run.HasExited);
        Assert.NotEmpty(Started());
        var folders = Folders();
        Assert.NotEmpty(folders);

        await Ownership.RemoveLeftoversAsync();

        // Another process may have begun to remove them.
        await Wait.UntilAsync("no leftovers of the run", () => Started().Count == 0 && !folders.Exists(Directory.Exists));
    }

    [Fact]
    public async Task Folders_of_a_running_process_are_kept()
    {
        var folder = Ownership.CreateFolder("kept");

        await Ownership.RemoveLeftoversAsync();

        Assert.True(Directory.Exists(folder));
        Directory.Delete(folder);
    }

    private List<string> Started() => [.. Platform.Current.FindByEnvironment((Marker, _id))
        .Where(Platform.Current.IsRunning).Select(id => string.Join(' ', Platform.Current.CommandLine(id)))];

    /// <summary>Returns the folders of the run, whose names contain the id of the owner.</summary>
    private List<string> Folders()
    {
        var owner = Platform.Current.FindByEnvironment((Marker, _id)).Select(id => Platform.Current.HowStarted(id)?.Environment["DAPR_ORDERS_OWNER"]).OfType<string>().First();
        return [.. Directory.GetDirectories(Path.GetTempPath(), $"dapr-orders-*-{owner}-*")];
    }
}
