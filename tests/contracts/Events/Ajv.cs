using System.Diagnostics;
using System.Text.Json.Nodes;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>What ajv says, which shares no code with NJsonSchema. The tests install it by the lock file, or are skipped where npm cannot.</summary>
internal static class SecondOpinion
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "contracts", "ajv");
    private static readonly Lazy<Task> Installed = new(InstallAsync);

    public static async Task<JsonObject> AskAsync(JsonObject question)
    {
        Assert.SkipUnless(Programs.Has("node") && Programs.Has("npm"), "ajv needs Node and npm");
        await Installed.Value;
        var (status, output) = await Programs.RunAsync(Folder, question.ToJsonString(), "node", "judge.mjs");
        Assert.True(status == 0, output);
        return JsonNode.Parse(output)!.AsObject();
    }

    private static async Task InstallAsync()
    {
        if (Directory.Exists(Path.Combine(Folder, "node_modules", "ajv")))
        {
            return;
        }

        var (status, output) = await Programs.RunAsync(Folder, "", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0");
        Assert.SkipUnless(status == 0, $"npm cannot install ajv: {output}");
    }
}

/// <summary>Programs of this machine.</summary>
internal static class Programs
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Runs a program to its end, which must come within three minutes.</summary>
    /// <returns>Its exit status and what it printed; when it failed, its complaints too.</returns>
    public static async Task<(int Status, string Output)> RunAsync(string folder, string input, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Limit);
        return (process.ExitCode, process.ExitCode == 0 ? await output : await output + await errors);
    }
}
