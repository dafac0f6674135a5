using DaprOrders.Contracts.Tests.Events;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Polyglot;

/// <summary>Runs the provider tests in another process, against a service that is already running at NOTIFICATION_URL.</summary>
[Trait("Form", "scripts")]
public sealed class NotificationUrlTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Provider_tests_use_the_service_at_NOTIFICATION_URL()
    {
        Assert.SkipUnless(Programs.Has("node"), "the sample needs Node 20");
        await using var node = new NotificationNode();
        using var http = await node.StartAsync();

        // The method runs once per service: twice against our services, and once against the service at the URL.
        var (status, output) = await Programs.RunAsync(
            Repository.Root, "", "env", $"NOTIFICATION_URL={http.BaseAddress}", "dotnet", typeof(ProviderTests).Assembly.Location, "-noColor",
            "-method", $"{typeof(ProviderTests).FullName}.{nameof(ProviderTests.Malformed_events_are_not_retried_and_do_not_affect_other_events)}");

        Assert.True(status == 0, output);
        Assert.Contains("Total: 3, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(node.File, Cancel));
        Assert.Contains("Dropped event", node.Output, StringComparison.Ordinal);
    }
}
