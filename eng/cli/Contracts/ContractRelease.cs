using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Contracts;

/// <summary>
/// Creates a release: a copy of the contracts in contracts/released with a hash of each file. Tests check the hashes, and that later contracts are
/// compatible with each release.
/// </summary>
internal static partial class ContractRelease
{
    public static bool IsVersion(string text) => Version().IsMatch(text);

    /// <summary>Copies the contracts to contracts/released and returns the folder of the release.</summary>
    /// <exception cref="StackException">The version is already released, or a document has another version.</exception>
    public static string Create(string contracts, string version)
    {
        var release = Path.Combine(contracts, "released", version);
        if (Directory.Exists(release))
        {
            throw new StackException($"{version} is already released, and a release is never changed");
        }

        RequireVersion(contracts, version);

        // Renamed when it is complete, so that an interrupted run leaves no incomplete release.
        var incomplete = $"{release}.new";
        if (Directory.Exists(incomplete))
        {
            Directory.Delete(incomplete, recursive: true);
        }

        var files = Files(contracts).Order(StringComparer.Ordinal).ToList();
        foreach (var file in files)
        {
            var copy = Path.Combine(incomplete, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(contracts, file), copy);
        }

        File.WriteAllText(
            Path.Combine(incomplete, "SHA256SUMS"),
            string.Concat(files.Select(file => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(incomplete, file))))}  {file}\n")));
        Directory.Move(incomplete, release);
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
