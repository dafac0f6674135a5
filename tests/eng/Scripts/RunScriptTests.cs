using System.Net;
using System.Net.Sockets;

namespace DaprOrders.Eng.Tests.Scripts;

[Trait("Form", "scripts")]
public sealed class RunScriptTests
{
    [Fact(Explicit = true)]
    public async Task Used_port_is_an_error_that_names_the_process()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        var clone = machine.Clone;
        using var other = new TcpListener(IPAddress.Loopback, clone.FreePortOf(8002));
        other.Start();

        var (exitCode, error) = await clone.TryRunAsync();

        Assert.Equal(1, exitCode);
        Assert.Matches(
            $"^error: port {clone.FreePortOf(8002)} of dapr\\.yaml is used by process {Environment.ProcessId} \\(.*dotnet .*\\); end it with: kill {Environment.ProcessId}$", error);
        Assert.Empty(clone.Processes());
    }

    [Fact(Explicit = true)]
    public async Task Other_program_on_the_port_of_PostgreSQL_is_an_error()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        var clone = machine.Clone;
        using var web = new FakeServer(clone.FreePortOf(5433), "HTTP/1.1 400 Bad Request\r\n\r\n");

        var (exitCode, error) = await clone.TryRunAsync();

        Assert.Equal(1, exitCode);
        Assert.StartsWith($"error: port {clone.FreePortOf(5433)} is not used by PostgreSQL but by process {Environment.ProcessId} (", error, StringComparison.Ordinal);
        Assert.EndsWith($"); end it with: kill {Environment.ProcessId}", error, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Missing_dotnet_is_an_error_with_the_download_address()
    {
        await using var machine = await Machine.CreateAsync();

        var (exitCode, error) = await machine.Clone.TryRunAsync();

        Assert.Equal(1, exitCode);
        Assert.Equal(
            "run.sh: dotnet is not on PATH: the .NET SDK 10 is needed; get it from https://dotnet.microsoft.com/download", error);
    }

    [Fact(Explicit = true)]
    public async Task Older_SDK_is_refused()
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet(sdk: "9.0.310");

        var (exitCode, error) = await machine.Clone.TryRunAsync();

        Assert.Equal(1, exitCode);
        Assert.Equal("run.sh: the .NET SDK 10 is not installed; get it from https://dotnet.microsoft.com/download", error);
    }

    [Theory(Explicit = true)]
    [InlineData("'--fast'", "--fast")]
    [InlineData("--yes requires --reset", "--yes")]
    public async Task Invalid_option_is_named(string expected, string option)
    {
        await using var machine = await Machine.CreateAsync();
        machine.InstallDotnet();

        var (exitCode, error) = await machine.Clone.TryRunAsync(option);

        Assert.Equal(2, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
