using System.Diagnostics;
using System.Text.RegularExpressions;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Runs the commands of the README and of the tour in a fresh clone and compares their output, and sends the requests of docs/orders.http.</summary>
[Trait("Form", "scripts")]
public sealed partial class ReadmeTests
{
    private const string EndOfBlock = "the block ends here";

    [Fact(Explicit = true)]
    public async Task Commands_and_requests_of_the_documents_work_in_a_fresh_clone()
    {
        await using var clone = await CloneWithFreePorts.CreateAsync();
        clone.HideDapr();
        var pages = await Task.WhenAll(((string[])["README.md", "docs/tour.md"]).Select(page => File.ReadAllTextAsync(Path.Combine(clone.Folder, page), Cancel)));
        var blocks = Block().Matches(string.Concat(pages))
            .Select(match => (Language: match.Groups[1].Value, Text: match.Groups[2].Value.TrimEnd()))
            .ToList();
        var commands = blocks.Where(block => block.Language == "sh").Select(block => block.Text).ToList();
        Assert.Equal("./run.sh", commands[0]);
        Assert.Equal(["docker compose up -d\ndapr run -f dapr.yaml", "./test.sh"], commands.Where(CannotRunHere)); // there is no Docker, and this is a test

        Assert.True(await clone.StartAsync(), clone.Output);
        await RunCommandsAsync(clone, blocks);
        await SendRequestsAsync(clone);

        var (exitCode, error) = await clone.TryRunAsync();
        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: the system is already running", Assert.Single(error.Split('\n')), StringComparison.Ordinal);

        await clone.StopAsync(Signal.Interrupt);
        Assert.Equal(0, clone.ExitCode);
        Assert.Empty(clone.Processes());
        Assert.All((int[])[8000, 8001, 8002, 8003, 3500, 3501, 3502, 3503], port => Assert.False(clone.Listens(port)));
    }

    private static async Task RunCommandsAsync(CloneWithFreePorts clone, List<(string Language, string Text)> blocks)
    {
        using var shell = new Shell(clone.Folder);
        foreach (var (block, next) in blocks.Zip(blocks.Skip(1).Append(default)).Where(pair => pair.First.Language == "sh").Skip(1))
        {
            if (CannotRunHere(block.Text))
            {
                continue;
            }

            var command = clone.WithFreePorts(block.Text);
            var output = await shell.RunAsync(command);
            if (next.Language == "text")
            {
                // A read is retried: what other services do with an order is visible a moment later.
                for (var tries = 0; tries < 100 && IsRead(command) && Masked(output) != Masked(next.Text); tries++)
                {
                    output = await shell.RunAsync($"sleep 0.1; {command}");
                }

                Assert.Equal(Masked(next.Text), Masked(output));
            }
        }
    }

    private static async Task SendRequestsAsync(CloneWithFreePorts clone)
    {
        var requests = HttpFile.Read(clone.WithFreePorts(await File.ReadAllTextAsync(Path.Combine(clone.Folder, "docs/orders.http"), Cancel)));
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var client = new HttpClient(handler);
        var sender = new HttpFileSender(client);
        foreach (var request in requests)
        {
            await sender.SendAsync(request, Cancel);
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static bool CannotRunHere(string command) => command.Contains("docker ", StringComparison.Ordinal) || command == "./test.sh";

    private static bool IsRead(string command) => !command.Contains(" -d ", StringComparison.Ordinal);

    private static string Masked(string output)
    {
        var masked = Uuid().Replace(output.Replace("\r", "", StringComparison.Ordinal), "<id>");
        masked = Time().Replace(masked, "<time>");
        return Header().Replace(masked, "$1: <…>").Trim();
    }

    [GeneratedRegex("^```(\\w+)\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uuid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[0-9:.]+\+00:00")]
    private static partial Regex Time();

    [GeneratedRegex("^(Date|Content-Length): .*$", RegexOptions.Multiline)]
    private static partial Regex Header();

    /// <summary>One bash for all blocks, since a later one uses the variables of an earlier one.</summary>
    private sealed class Shell : IDisposable
    {
        private readonly Process _bash;

        public Shell(string folder)
        {
            _bash = Process.Start(new ProcessStartInfo("bash")
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
        }

        public async Task<string> RunAsync(string block)
        {
            await _bash.StandardInput.WriteLineAsync($"{{ {block}\n}} 2> /dev/null; echo; echo '{EndOfBlock}'");
            await _bash.StandardInput.FlushAsync();
            var lines = new List<string>();
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            limit.CancelAfter(Wait.Limit);
            while (await _bash.StandardOutput.ReadLineAsync(limit.Token) is { } line && line != EndOfBlock)
            {
                lines.Add(line);
            }

            return string.Join('\n', lines);
        }

        public void Dispose()
        {
            _bash.StandardInput.Close();
            _bash.WaitForExit();
            _bash.Dispose();
        }
    }
}
