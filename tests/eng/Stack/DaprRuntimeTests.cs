using System.Runtime.Versioning;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Stack;

/// <summary>Runs fake programs in place of the Dapr CLI and daprd. They record how they were started.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DaprRuntimeTests : IDisposable
{
    private const int GrpcPort = 50001; // no process listens on it

    private readonly string _folder = Ownership.CreateFolder("runtime");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Ended_sidecar_is_restarted_exactly_as_the_CLI_started_it()
    {
        await using var runtime = new DaprRuntime("dapr.yaml", cli: await InstallAsync());
        await runtime.StartAsync();
        var first = await StartedAsync(1);

        await runtime.KillSidecarAsync(new AppInstance("order", 1, 1, 1, 1, 1, GrpcPort));

        Assert.Equal(first, await StartedAsync(2));
        Assert.Contains("argument --placement-host-address\nargument \nargument --scheduler-host-address\nargument  \n", first, StringComparison.Ordinal);
        Assert.Contains("\nDAPR_HOST_IP=127.0.0.1\n", first, StringComparison.Ordinal);
        Assert.Contains("\nEMPTY=\n", first, StringComparison.Ordinal);
        Assert.Contains($"\nfolder {_folder}/app\n", first, StringComparison.Ordinal);
    }

    /// <summary>Installs a CLI that starts one sidecar, whose process is named daprd.</summary>
    private async Task<string> InstallAsync()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "app"));
        File.CreateSymbolicLink(Path.Combine(_folder, "daprd"), "/bin/sh");
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "daprd.sh"),
            $$"""
            { for argument; do echo "argument $argument"; done; echo "folder $PWD"; tr '\0' '\n' </proc/$$/environ | sort; } >'{{_folder}}/writing'
            number=1
            while [ -e '{{_folder}}/started-'$number ]; do number=$((number + 1)); done
            mv '{{_folder}}/writing' '{{_folder}}/started-'$number
            while :; do sleep 1; done
            """,
            Cancel);
        var cli = Path.Combine(_folder, "dapr");
        await File.WriteAllTextAsync(
            cli,
            $"""
            #!/bin/sh
            export DAPR_HOST_IP=127.0.0.1 EMPTY=
            cd '{_folder}/app'
            '{_folder}/daprd' '{_folder}/daprd.sh' --dapr-grpc-port {GrpcPort} --placement-host-address '' --scheduler-host-address ' ' &
            wait
            """,
            Cancel);
        File.SetUnixFileMode(cli, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return cli;
    }

    private async Task<string> StartedAsync(int number)
    {
        var file = Path.Combine(_folder, $"started-{number}");
        await Wait.UntilAsync($"start {number} of the sidecar", () => File.Exists(file));
        return await File.ReadAllTextAsync(file, Cancel);
    }
}
