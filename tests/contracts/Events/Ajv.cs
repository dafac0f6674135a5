using System.Text.Json.Nodes;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>Runs ajv, a validator that shares no code with NJsonSchema. npm installs it from the lock file. Tests are skipped if npm cannot install it.</summary>
internal static class Ajv
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "contracts", "ajv");
    private static readonly Lazy<Task> Installed = new(InstallAsync);

    public static async Task<JsonObject> ValidateAsync(JsonObject input)
    {
        Assert.SkipUnless(Programs.Has("node") && Programs.Has("npm"), "ajv needs Node and npm");
        await Installed.Value;
        var (status, output) = await Programs.RunAsync(Folder, input.ToJsonString(), "node", "validate.mjs");
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
