using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Contracts;

/// <summary>
/// A version of the contracts that is kept in contracts/released, with a hash of each file. Tests compare its hashes, and hold later contracts against it.
/// </summary>
internal static partial class ContractRelease
{
    public static bool IsVersion(string text) => Version().IsMatch(text);

    /// <summary>Copies the contracts to contracts/released.</summary>
    /// <returns>The folder of the release.</returns>
    /// <exception cref="StackException">The version is released already, or a document has another version.</exception>
    public static string Create(string contracts, string version)
    {
        var release = Path.Combine(contracts, "released", version);
        if (Directory.Exists(release))
        {
            throw new StackException($"{version} is released already, and a release is never changed");
        }

        RequireVersion(contracts, version);

        // Moved when it is complete: a release is there in whole or not at all.
        var unfinished = $"{release}.new";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        var files = Files(contracts).Order(StringComparer.Ordinal).ToList();
        foreach (var file in files)
        {
            var copy = Path.Combine(unfinished, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(contracts, file), copy);
        }

        File.WriteAllText(
            Path.Combine(unfinished, "SHA256SUMS"),
            string.Concat(files.Select(file => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(unfinished, file))))}  {file}\n")));
        Directory.Move(unfinished, release);
        return release;
    }

    private static IEnumerable<string> Files(string contracts) => ((string[])["events", "http"])
        .SelectMany(folder => Directory.GetFiles(Path.Combine(contracts, folder), "*", SearchOption.AllDirectories))
        .Select(file => Path.GetRelativePath(contracts, file).Replace('\\', '/'))
        .Append("asyncapi.yaml");

    private static void RequireVersion(string contracts, string version)
    {
        foreach (var document in Directory.GetFiles(Path.Combine(contracts, "http"), "*.openapi.json"))
        {
            using var json = JsonDocument.Parse(File.ReadAllText(document));
            if (json.RootElement.GetProperty("info").GetProperty("version").GetString() != version)
            {
                throw new StackException($"{document} has another version; set Version in Directory.Build.props and run: ./run.sh contracts write");
            }
        }

        if (!File.ReadAllText(Path.Combine(contracts, "asyncapi.yaml")).Contains($"\n  version: \"{version}\"", StringComparison.Ordinal))
        {
            throw new StackException($"asyncapi.yaml has another version; set info.version in it");
        }
    }

    [GeneratedRegex(@"^[0-9]+\.[0-9]+$")]
    private static partial Regex Version();
}
