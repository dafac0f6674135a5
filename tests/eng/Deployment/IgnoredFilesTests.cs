using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Deployment;

public sealed class IgnoredFilesTests
{
    [Theory]
    [InlineData(".vscode/launch.json", false)]
    [InlineData(".vscode/tasks.json", false)]
    [InlineData(".vscode/settings.json", true)]
    [InlineData("DaprOrders.slnLaunch", false)]
    [InlineData("DaprOrders.slnLaunch.user", true)]
    [InlineData("services/order/Properties/launchSettings.json", false)]
    [InlineData(".dapr-orders/dapr.yaml", true)]
    public async Task Git_ignores_generated_files_but_not_IDE_configuration(string path, bool isIgnored)
    {
        var (exitCode, output) = await ProcessRunner.RunAsync(
            ["git", "check-ignore", "--no-index", "-q", path], Repository.Root, null, null, TestContext.Current.CancellationToken);

        Assert.True(exitCode == (isIgnored ? 0 : 1), output);
    }
}
