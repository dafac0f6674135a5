using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.AsyncApi;
using DaprOrders.Contracts.Tests.Exchanges;

namespace DaprOrders.Contracts.Tests.Compatibility;

/// <summary>The files of the current contracts, or of a release. Tests change copies of them.</summary>
internal sealed class ContractSet
{
    private readonly SortedDictionary<string, string> _files;

    private ContractSet(SortedDictionary<string, string> files) => _files = files;

    public static ContractSet Current { get; } = Read(ContractFiles.Folder);

    public AsyncApiFile AsyncApi => AsyncApiFile.Parse(_files["asyncapi.yaml"]);

    public Version Version => Version.Parse(AsyncApi.Version);

    /// <summary>Gets the releases by version.</summary>
    public static IReadOnlyDictionary<string, ContractSet> Releases { get; } = Directory.GetDirectories(Path.Combine(ContractFiles.Folder, "released"))
        .ToDictionary(folder => Path.GetFileName(folder), Read);

    public static ContractSet Read(string folder) => new(new SortedDictionary<string, string>(
        Directory.GetFiles(folder, "asyncapi.yaml")
            .Concat(Directory.GetFiles(Path.Combine(folder, "events"), "*", SearchOption.AllDirectories))
            .Concat(Directory.GetFiles(Path.Combine(folder, "http")))
            .ToDictionary(file => Path.GetRelativePath(folder, file), File.ReadAllText),
        StringComparer.Ordinal));

    /// <summary>Returns the files of a release that do not match its SHA256SUMS.</summary>
    public static IEnumerable<string> ChangedAfterRelease(string folder)
    {
        var hashes = File.ReadAllLines(Path.Combine(folder, "SHA256SUMS")).ToDictionary(line => line[66..], line => line[..64]);
        var files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(file => Path.GetRelativePath(folder, file), file => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))));
        files.Remove("SHA256SUMS");
        return hashes.Keys.Union(files.Keys).Where(file => hashes.GetValueOrDefault(file) != files.GetValueOrDefault(file)).Order(StringComparer.Ordinal);
    }

    public IEnumerable<string> Files(string suffix) => _files.Keys.Where(file => file.EndsWith(suffix, StringComparison.Ordinal));

    public JsonObject? Json(string file) => _files.TryGetValue(file, out var text) ? JsonNode.Parse(text)!.AsObject() : null;

    /// <summary>Returns a copy with one file changed.</summary>
    public ContractSet With(string file, Func<string, string> change)
    {
        var changed = change(_files[file]);
        Assert.NotEqual(_files[file], changed);
        return new ContractSet(new SortedDictionary<string, string>(_files, StringComparer.Ordinal) { [file] = changed });
    }

    public ContractSet Without(string file)
    {
        var copy = new ContractSet(new SortedDictionary<string, string>(_files, StringComparer.Ordinal));
        Assert.True(copy._files.Remove(file));
        return copy;
    }
}
