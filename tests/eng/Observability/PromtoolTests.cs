using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Observability;

/// <summary>Checks the files in deploy/observability with promtool, which is part of Prometheus.</summary>
[Trait("Form", "observability")]
public sealed class PromtoolTests
{
    [Theory(Explicit = true)]
    [InlineData("check", "config", "prometheus.yml")]
    [InlineData("check", "rules", "alerts.yml")]
    [InlineData("test", "rules", "alerts.tests.yml")]
    public async Task Promtool_accepts(string action, string kind, string file)
    {
        var promtool = await PrometheusHost.FindProgramAsync("promtool");

        var (exitCode, output) = await ProcessRunner.RunAsync(
            [promtool, action, kind, file], ObservabilityFiles.Folder, Wait.Limit, null, TestContext.Current.CancellationToken);

        Assert.True(exitCode == 0, output);
    }
}
