using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DaprOrders.Eng.Tests.Deployment;
using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Cli;

/// <summary>Starts services with their launch profiles, as an IDE does, and <c>./run.sh --sidecars-only</c> in a fresh clone.</summary>
[Trait("Form", "scripts")]
public sealed class LaunchProfileTests
{
    /// <summary>The limit includes the build of a service.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(5);

    private static readonly Dictionary<string, int> Services = new()
    {
        ["gateway"] = 8000,
        ["order"] = 8001,
        ["inventory"] = 8002,
        ["notification"] = 8003,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData(RuntimeKind.Emulator)]
    [InlineData(RuntimeKind.Dapr)]
    public async Task Printed_commands_start_all_services_or_one(RuntimeKind runtime)
    {
        await using var kafka = await StartBrokerAsync(runtime);
        await using var clone = await CloneAsync(kafka);

        Assert.True(await clone.StartAsync("--sidecars-only"), clone.Output);
        Assert.Contains(kafka is null ? "Runtime   Dapr emulator" : "Runtime   Dapr, ", clone.Output, StringComparison.Ordinal);
        Assert.Matches(EndOfTask(clone), clone.Output);
        foreach (var (service, port) in Services)
        {
            clone.StartBeside(await CommandAsync(clone, service));
            await UntilReadyAsync(clone, port);
        }

        Assert.Equal("confirmed", await OrderAsync(clone));
        Assert.Equal(HttpStatusCode.Unauthorized, await DeliverWithoutTokenAsync(clone));
        Assert.All(Services.Keys, service => Assert.True(File.Exists(Program(clone, service)), Program(clone, service)));

        // Now ./run.sh starts the other services.
        await clone.StopAsync(Signal.Terminate);
        await clone.StopBesideAsync();
        Assert.True(await clone.StartAsync("--sidecars-only", "order"), clone.Output);
        clone.StartBeside("dotnet watch --non-interactive --project services/order --launch-profile order");
        await UntilReadyAsync(clone, 8001);
        Assert.Equal("confirmed", await OrderAsync(clone));
    }

    /// <summary>Sends an event as a stranger. A service that is started with its launch profile reads the token that <c>./run.sh</c> has created.</summary>
    private static async Task<HttpStatusCode> DeliverWithoutTokenAsync(CloneWithFreePorts clone)
    {
        using var client = new HttpClient();
        using var response = await client.PostAsJsonAsync($"http://127.0.0.1:{clone.FreePortOf(8001)}/events/inventory.updated", new { entries = Array.Empty<object>() }, Cancel);
        return response.StatusCode;
    }

    private static async Task<TestKafka?> StartBrokerAsync(RuntimeKind runtime)
    {
        if (runtime is RuntimeKind.Emulator)
        {
            return null;
        }

        Assert.SkipWhen(SearchPath.Find("dapr") is null || SearchPath.Find("kafka") is null, "dapr and kafka must be on PATH");
        var kafka = await TestKafka.StartAsync(createsTopics: false);
        foreach (var topic in Design.Topics)
        {
            await kafka.RunAsync("topics", "--create", "--topic", topic, "--partitions", "3");
        }

        return kafka;
    }

    private static async Task<CloneWithFreePorts> CloneAsync(TestKafka? kafka)
    {
        var clone = await CloneWithFreePorts.CreateAsync();
        if (kafka is null)
        {
            clone.HideDapr();
        }
        else
        {
            await clone.UsePortAsync(9092, kafka.Port);
        }

        return clone;
    }

    /// <summary>Returns the command of a service that ./run.sh printed.</summary>
    private static async Task<string> CommandAsync(CloneWithFreePorts clone, string service)
    {
        string? command = null;
        await Wait.UntilAsync($"the command of {service}", () =>
        {
            command = clone.Output.Split('\n').SingleOrDefault(line => line.StartsWith($"  dotnet run --project services/{service} ", StringComparison.Ordinal));
            return command is not null;
        });
        return command!.Trim();
    }

    /// <summary>Returns the pattern with which the VS Code task recognizes that the sidecars are ready.</summary>
    private static Regex EndOfTask(CloneWithFreePorts clone)
    {
        var tasks = JsonNode.Parse(File.ReadAllText(Path.Combine(clone.Folder, ".vscode", "tasks.json")))!["tasks"]!.AsArray();
        var sidecars = tasks.Single(task => $"{task!["label"]}" == "sidecars")!;
        return new Regex($"{sidecars["problemMatcher"]!["background"]!["endsPattern"]}", RegexOptions.Multiline);
    }

    /// <summary>Returns the path of the program that VS Code starts.</summary>
    private static string Program(CloneWithFreePorts clone, string service)
    {
        var launch = JsonNode.Parse(File.ReadAllText(Path.Combine(clone.Folder, ".vscode", "launch.json")))!["configurations"]!.AsArray();
        return $"{launch.Single(configuration => $"{configuration!["name"]}" == service)!["program"]}"
            .Replace("${workspaceFolder}", clone.Folder, StringComparison.Ordinal);
    }

    private static async Task UntilReadyAsync(CloneWithFreePorts clone, int port)
    {
        using var service = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{clone.FreePortOf(port)}") };
        try
        {
            await Wait.UntilAsync($"port {port} to be ready", IsReadyAsync, StartTimeout);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{clone.Output}", e);
        }

        async Task<bool> IsReadyAsync()
        {
            try
            {
                using var response = await service.GetAsync(new Uri("/healthz/ready", UriKind.Relative), Cancel);
                return response.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false; // not listening yet
            }
        }
    }

    private static async Task<string?> OrderAsync(CloneWithFreePorts clone)
    {
        using var gateway = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{clone.FreePortOf(8000)}") };
        using var placed = await gateway.PostAsJsonAsync("/orders", new { item_id = "item-1", quantity = 1 }, Cancel);
        var order = await gateway.GetFromJsonAsync<JsonElement>(new Uri($"{placed.Headers.Location}?wait=30s", UriKind.Relative), Cancel);
        return order.GetProperty("status").GetString();
    }
}
