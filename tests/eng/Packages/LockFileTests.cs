using DaprOrders.Eng.Tests.Scripts;

namespace DaprOrders.Eng.Tests.Packages;

[Trait("Form", "scripts")]
public sealed class LockFileTests
{
    [Theory(Explicit = true)]
    [InlineData("DaprOrders.sln")]
    [InlineData("eng/dapr-emulator/DaprEmulator.sln")]
    public async Task Lock_files_contain_the_packages_of_all_projects(string solution)
    {
        await using var clone = await CloneWithFreePorts.CreateAsync();

        var (exitCode, output) = await clone.RunToEndAsync("dotnet", "restore", solution, "--locked-mode");

        Assert.True(exitCode == 0, output);
    }

    [Fact(Explicit = true)]
    public async Task Package_that_is_not_in_the_lock_file_fails_the_restore_in_locked_mode()
    {
        await using var clone = await CloneWithFreePorts.CreateAsync();
        await clone.ReplaceAsync("libs/persistence/DaprOrders.Persistence.csproj", "<PackageReference Include=\"EFCore.NamingConventions\" />", "");

        var (exitCode, output) = await clone.RunToEndAsync("dotnet", "restore", "libs/persistence", "--locked-mode");

        Assert.Equal(1, exitCode);
        Assert.Contains("NU1004", output, StringComparison.Ordinal);
    }
}
