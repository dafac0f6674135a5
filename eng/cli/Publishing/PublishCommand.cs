using System.CommandLine;
using System.Runtime.InteropServices;

namespace DaprOrders.Cli.Publishing;

/// <summary>The <c>publish</c> command. Writes programs that run without the SDK, the sources or NuGet.</summary>
internal static class PublishCommand
{
    public static Command Create()
    {
        var rid = new Argument<string>("rid")
        {
            Description = "The runtime identifier, for example linux-x64.",
            DefaultValueFactory = _ => RuntimeInformation.RuntimeIdentifier,
        };
        var target = new Option<DirectoryInfo?>("--to") { Description = "The target folder, by default artifacts/published/<rid>. It must be empty or come from an earlier publish." };
        var bench = new Option<bool>("--bench") { Description = "Do not publish the test suites. This takes less time." };
        var command = new Command(
            "publish", "Publishes services, emulator, benchmark and test suites, so that they run without the SDK.")
        {
            rid, target, bench,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var folder = parsed.GetValue(target)?.FullName ?? Publisher.DefaultFolder(parsed.GetValue(rid)!);
            await new Publisher(parsed.GetValue(rid)!, folder, hasSuites: !parsed.GetValue(bench)).RunAsync(cancellationToken);
            return ExitCodes.Ok;
        });
        return command;
    }
}
