using System.Diagnostics;
using System.Text.Json.Nodes;
using DaprOrders.Testing;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>What ajv says, which shares no code with NJsonSchema. Where npm is, the tests install it by the lock file; elsewhere they are skipped.</summary>
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

        var (status, output) = await Programs.RunAsync(Folder, "", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
        Assert.True(status == 0, output);
    }
}

/// <summary>Programs of this machine.</summary>
internal static class Programs
{
    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Runs a program to its end.</summary>
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
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? await output : await output + await errors);
    }
}
