using System.Diagnostics;
using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Environments;

/// <summary>Checks the folder of a clone, and how git writes its files.</summary>
[Trait("Form", "scripts")]
public sealed class FolderTests
{
    [Theory(Explicit = true)]
    [InlineData("./run.sh", "a%20b")]
    [InlineData("./run.sh", "c;d")]
    [InlineData("./test.sh", "a%20b")]
    [InlineData("./test.sh", "c;d")]
    public async Task Folder_in_which_the_SDK_cannot_build_is_refused(string script, string folder)
    {
        await using var clone = await CloneWithFreePorts.CreateAsync(folder);
        clone.StartCommand = [script];

        var (exitCode, error) = await clone.TryRunAsync();

        Assert.Equal(2, exitCode);
        Assert.Equal(
            $"{Path.GetFileName(script)}: the .NET SDK cannot build in {clone.Folder}, because the path has a % or a ;. Move the clone to another folder", error);
        Assert.False(Directory.Exists(Path.Combine(clone.Folder, ".dapr-orders")));
    }

    /// <summary>A shell cannot run a script with CRLF, which git could write on Windows.</summary>
    [Fact]
    public async Task Git_writes_every_file_with_the_required_line_endings()
    {
        Assert.SkipUnless(Path.Exists(Path.Combine(Repository.Root, ".git")), "This folder is not a git clone.");
        using var git = Process.Start(new ProcessStartInfo("git", ["ls-files", "--eol"]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true })!;
        var lines = (await git.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).TrimEnd().Split('\n');

        Assert.Contains(lines, line => line.EndsWith("\trun.sh", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line =>
            !line.StartsWith("i/-text", StringComparison.Ordinal)
            && !line.Contains(line.EndsWith(".cmd", StringComparison.Ordinal) ? "eol=crlf" : "eol=lf", StringComparison.Ordinal));
    }
}
