using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Environments;

/// <summary>Checks that the system starts and confirms an order in unusual environments.</summary>
[Trait("Form", "scripts")]
public sealed class EnvironmentTests(BuiltClone built) : IClassFixture<BuiltClone>
{
    [Fact(Explicit = true)]
    public async Task Proxy_is_not_used_for_local_addresses()
    {
        var port = FreePort.Take();
        using var proxy = new FakeServer(port, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        var clone = await built.GetAsync();
        foreach (var name in (string[])["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
        {
            clone.Environment[name] = $"http://127.0.0.1:{port}";
        }

        clone.Environment["no_proxy"] = "intranet";

        // The Dapr CLI and services in other languages read this variable.
        await AssertWorksAsync(clone, () => Assert.Contains(
            clone.Processes(),
            process => process.Contains("dapr-emulator.dll", StringComparison.Ordinal) && process.Contains("no_proxy=intranet,127.0.0.1,localhost ", StringComparison.Ordinal)));

        Assert.DoesNotContain(proxy.Requests, request => request.Contains("127.0.0.1", StringComparison.Ordinal) || request.Contains("localhost", StringComparison.Ordinal));
    }

    [Fact(Explicit = true)]
    public async Task Variables_of_another_project_are_removed()
    {
        const string otherProject = "other-project.invalid";
        var clone = await built.GetAsync();
        string[] addresses = ["DAPR_HTTP_ENDPOINT", "DAPR_GRPC_ENDPOINT", "DAPR_HOST_IP", "APP_CHANNEL_ADDRESS", "PGHOST"];
        string[] texts = ["APP_ID", "APP_API_TOKEN", "APP_PROTOCOL", "DAPR_API_TOKEN", "DAPR_TRUST_ANCHORS", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGOPTIONS"];
        string[] ports = ["APP_PORT", "DAPR_HTTP_PORT", "DAPR_GRPC_PORT", "DAPR_METRICS_PORT", "PGPORT"];
        foreach (var (names, value) in ((string[], string)[])[(addresses, $"http://{otherProject}"), (texts, otherProject), (ports, "9")])
        {
            Array.ForEach(names, name => clone.Environment[name] = value);
        }

        await AssertWorksAsync(clone, () =>
        {
            var started = clone.Processes().Where(process => !process.Contains("DaprOrders.Cli.dll", StringComparison.Ordinal)).ToList();
            Assert.NotEmpty(started);
            Assert.DoesNotContain(started, process => process.Contains(otherProject, StringComparison.Ordinal) || ports.Any(port => process.Contains($" {port}=9 ", StringComparison.Ordinal)));
        });
    }

    [Fact(Explicit = true)]
    public async Task System_starts_without_free_inotify_instances()
    {
        var clone = await built.GetAsync();
        clone.Prefix = Inotify.WithoutInstances;
        await Inotify.SkipUnlessPossibleAsync();
        // The namespace has no other users, so the private PostgreSQL could not run as the user postgres.
        await using var postgres = await PostgresCluster.StartAsync(clone.FreePortOf(5433));

        await AssertWorksAsync(clone);
    }

    [Fact(Explicit = true)]
    public async Task System_starts_with_sixteen_cores()
    {
        var clone = await built.GetAsync();
        clone.Environment["DOTNET_PROCESSOR_COUNT"] = "16";

        await AssertWorksAsync(clone);
    }

    [Fact(Explicit = true)]
    public async Task System_starts_with_umask_077()
    {
        var clone = await built.GetAsync();
        clone.Prefix = ["sh", "-c", "umask 077 && exec \"$@\"", "sh"];

        await AssertWorksAsync(clone, arguments: "--reset");
    }

    [Fact(Explicit = true)]
    public async Task System_starts_if_localhost_is_an_IPv6_address_first()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can give a process another /etc/hosts.");
        var clone = await built.GetAsync();
        var hosts = Path.Combine(clone.Parent, "hosts");
        await File.WriteAllTextAsync(hosts, "::1 localhost\n127.0.0.1 localhost\n", TestContext.Current.CancellationToken);
        clone.Prefix = ["unshare", "--mount", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"", hosts];

        await AssertWorksAsync(clone, inNamespace: true);
    }

    /// <summary>Without these files, the build restores the packages again.</summary>
    [Fact(Explicit = true)]
    public async Task System_starts_without_internet_if_packages_are_cached()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can run a process without a network.");
        var clone = await built.GetAsync();
        foreach (var file in (string[])["project.assets.json", "project.nuget.cache"])
        {
            foreach (var path in Directory.GetFiles(clone.Folder, file, SearchOption.AllDirectories))
            {
                File.Delete(path);
            }
        }

        clone.Environment["NUGET_HTTP_CACHE_PATH"] = Path.Combine(clone.Parent, "nuget-cache");
        clone.Prefix = ["unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"];

        await AssertWorksAsync(clone, inNamespace: true);
    }

    [Fact(Explicit = true)]
    public async Task Two_clones_with_different_ports_run_at_the_same_time()
    {
        var first = await built.GetAsync();
        await using var second = await CloneWithFreePorts.CreateAsync("e+f #g");
        second.HideDapr();

        await AssertWorksAsync(first, async () =>
        {
            await AssertWorksAsync(second);
            Assert.Equal("confirmed", await first.OrderAsync());

            await second.ReplaceAsync("dapr.yaml", $"appPort: {second.FreePortOf(8002)}", $"appPort: {first.FreePortOf(8002)}");
            var (exitCode, error) = await second.TryRunAsync();
            Assert.Equal(1, exitCode);
            Assert.StartsWith($"error: port {first.FreePortOf(8002)} of dapr.yaml is used by process ", error, StringComparison.Ordinal);
            Assert.Contains($"{first.Folder}/artifacts/bin/DaprOrders.InventoryService", error, StringComparison.Ordinal);
        });
    }

    private static Task AssertWorksAsync(CloneWithFreePorts clone, Action whileRunning) => AssertWorksAsync(clone, () =>
    {
        whileRunning();
        return Task.CompletedTask;
    });

    private static async Task AssertWorksAsync(CloneWithFreePorts clone, Func<Task>? whileRunning = null, bool inNamespace = false, params string[] arguments)
    {
        try
        {
            Assert.True(await clone.StartAsync(arguments), clone.Output);
            Assert.Equal("confirmed", await clone.OrderAsync(inNamespace));
            await (whileRunning?.Invoke() ?? Task.CompletedTask);
        }
        finally
        {
            if (clone.ExitCode is null)
            {
                await clone.StopAsync(Signal.Interrupt);
            }
        }

        Assert.Equal(0, clone.ExitCode);
        Assert.Empty(clone.Processes());
    }
}
