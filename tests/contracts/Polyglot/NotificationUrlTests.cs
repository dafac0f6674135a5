using DaprOrders.Contracts.Tests.Events;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Polyglot;

/// <summary>The provider suite, pointed to a service elsewhere by an environment variable. It runs as a process of its own.</summary>
[Trait("Form", "scripts")]
public sealed class NotificationUrlTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task NOTIFICATION_URL_points_the_suite_to_it()
    {
        Assert.SkipUnless(Programs.Has("node"), "the sample needs Node 20");
        await using var node = new NotificationNode();
        using var http = await node.StartAsync();

        // The same method for all services: two of them are ours, and one is where the variable says.
        var (status, output) = await Programs.RunAsync(
            Repository.Root, "", "env", $"NOTIFICATION_URL={http.BaseAddress}", "dotnet", typeof(ProviderTests).Assembly.Location, "-noColor",
            "-method", $"{typeof(ProviderTests).FullName}.{nameof(ProviderTests.Events_that_can_never_be_handled_are_not_asked_for_again_and_harm_no_other)}");

        Assert.True(status == 0, output);
        Assert.Contains("Total: 3, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(node.File, Cancel));
        Assert.Contains("Dropped event", node.Output, StringComparison.Ordinal);
    }
}
