using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>Kills processes of the running system. On Dapr the test restarts the sidecar, because the Dapr CLI does not.</summary>
public sealed class RestartTests(StackFixture fixture)
{
    [Fact]
    public async Task Killed_app_and_sidecar_are_healthy_after_a_restart()
    {
        Assert.SkipWhen(fixture.Stack.IsAttached, "GATEWAY_URL is set. This test kills processes only in a system that it started.");
        var runtime = fixture.Stack.Runtime;
        var instance = fixture.Stack.Instances.Last(instance => instance.AppId == "inventory");

        await runtime.KillSidecarAsync(instance);
        Assert.True(await runtime.SignalAsync(instance, Signal.Kill));
        Assert.Null(runtime.ProcessOf(instance));
        await runtime.StartAsync(instance);

        await fixture.Stack.UntilReadyAsync(instance);
        await Wait.UntilAsync($"the sidecar of {instance} to be healthy", () => IsHealthyAsync(instance));
    }

    private async Task<bool> IsHealthyAsync(AppInstance instance)
    {
        try
        {
            using var response = await fixture.Stack.Gateway.GetAsync(
                new Uri($"http://127.0.0.1:{instance.SidecarPort}/v1.0/healthz"), TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
