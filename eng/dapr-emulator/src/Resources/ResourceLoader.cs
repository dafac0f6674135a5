using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>Reads resource folders with Dapr's leniency (unknown keys and kinds) and its fatal cases.</summary>
internal sealed partial class ResourceLoader
{
    private readonly string _appId;
    private readonly AppResources _resources = new();
    private readonly Dictionary<string, Component> _inScope = [];
    private string _resiliencyPlace = "";

    private ResourceLoader(string appId) => _appId = appId;

    /// <exception cref="ResourceException">Dapr would not start with these files, or they ask for what is not emulated.</exception>
    public static AppResources Load(string appId, IEnumerable<string> folders, string? configurationFile)
    {
        var loader = new ResourceLoader(appId);
        foreach (var folder in folders)
        {
            loader.ReadFolder(folder);
        }

        loader._resources.Warnings.AddRange(loader._resources.Resiliency.Missing().Select(missing => $"{loader._resiliencyPlace}: {missing}"));
        if (configurationFile is not null)
        {
            loader.ReadConfiguration(configurationFile);
        }

        return loader._resources;
    }

    private void ReadFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new ResourceException($"failed to load components: open {folder}: no such file or directory");
        }

        foreach (var inner in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            Warn($"{inner} is a folder in a resources folder and is ignored");
        }

        foreach (var file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            if (Path.GetExtension(file) is not (".yaml" or ".yml"))
            {
                Warn($"{file} is not a YAML file and is ignored");
                continue;
            }

            ReadFile(file);
        }
    }

    private void ReadFile(string file)
    {
        // As Dapr does, so that a broken document does not affect the others.
        var documents = File.ReadAllText(file).Split("\n---");
        var next = 0;
        for (var number = 0; number < documents.Length; number++)
        {
            var lines = next;
            next += documents[number].Count(letter => letter == '\n') + 1;
            if (Parse(documents[number], file, lines) is not { } document)
            {
                continue;
            }

            if (!IsInScope(document))
            {
                RejectDuplicate(document);
                continue;
            }

            Read(document, file, number, lines);
        }
    }

    private YamlMap? Parse(string text, string file, int lines = 0)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: YamlMappingNode map }, ..] ? new YamlMap(map, StringComparison.OrdinalIgnoreCase) : null;
        }
        catch (YamlException broken)
        {
            Warn($"{file}:{lines + broken.Start.Line}: {broken.Message}; the document is ignored");
            return null;
        }
    }

    /// <param name="lines">The number of lines before the document.</param>
    private void Read(YamlMap document, string file, int number, int lines)
    {
        var place = $"{file}:{lines + document.LineOf("kind")}";
        WarnOfUnknownKeys(document, file, lines);
        switch (document.Text("kind"), document.Text("apiVersion"))
        {
            case ("Component", "dapr.io/v1alpha1"):
                AddComponent(document);
                break;
            case ("Subscription", "dapr.io/v1alpha1" or "dapr.io/v2alpha1"):
                AddSubscription(document, place);
                break;
            case ("Resiliency", "dapr.io/v1alpha1") when number > 0:
                Warn($"{place}: a Resiliency is only read from the first document of a file; the one after '---' is ignored");
                break;
            case ("Resiliency", "dapr.io/v1alpha1"):
                AddResiliency(document, place);
                break;
            case ("Configuration", _):
                break;
            case var (kind, version):
                Warn($"{place}: kind '{kind}' with apiVersion '{version}' is unknown and is ignored");
                break;
        }
    }

    private void AddResiliency(YamlMap document, string place)
    {
        try
        {
            _resources.Resiliency.Add(NameOf(document), document.Map("spec") ?? Empty);
            _resiliencyPlace = place;
        }
        catch (FormatException failure)
        {
            Warn($"{place}: Could not read resiliency policy {NameOf(document)}: {failure.Message}; its targets are ignored");
        }
        catch (ResourceException failure)
        {
            throw new ResourceException($"{place}: {failure.Message}");
        }
    }

    private static readonly string[] TopKeys = ["apiVersion", "kind", "metadata", "spec", "scopes", "auth"];

    private static readonly Dictionary<string, string[]> SpecKeys = new()
    {
        ["Component"] = ["type", "version", "metadata", "ignoreErrors", "initTimeout"],
        ["Subscription"] = ["pubsubname", "topic", "route", "routes", "metadata", "deadLetterTopic", "bulkSubscribe"],
        ["Resiliency"] = ["policies", "targets"],
    };

    private void WarnOfUnknownKeys(YamlMap document, string file, int lines)
    {
        if (!SpecKeys.TryGetValue(document.Text("kind") ?? "", out var known))
        {
            return;
        }

        foreach (var (key, line) in document.Keys.Where(key => !TopKeys.Contains(key.Key, StringComparer.OrdinalIgnoreCase))
            .Concat((document.Map("spec")?.Keys ?? []).Where(key => !known.Contains(key.Key, StringComparer.OrdinalIgnoreCase))))
        {
            Warn($"{file}:{lines + line}: unknown key '{key}' is ignored");
        }
    }

    private bool IsInScope(YamlMap document) =>
        document.Texts("scopes") is not { Count: > 0 } scopes || scopes.Contains(_appId);

    private void RejectDuplicate(YamlMap document)
    {
        if (document.Text("kind") == "Component" && _inScope.TryGetValue(NameOf(document), out var existing))
        {
            throw Duplicate(NameOf(document), document.Map("spec") ?? Empty, existing);
        }
    }

    private void AddComponent(YamlMap document)
    {
        var name = NameOf(document);
        var spec = document.Map("spec") ?? Empty;
        if (_inScope.TryGetValue(name, out var existing))
        {
            throw Duplicate(name, spec, existing);
        }

        string? unresolved = null;
        var metadata = new Dictionary<string, string>();
        foreach (var entry in spec.Maps("metadata"))
        {
            if (entry.Text("name") is not { } key)
            {
                continue;
            }

            if (entry.Has("secretKeyRef"))
            {
                unresolved = $"component {name}: secretKeyRef of '{key}' is not emulated, so the component is ignored";
            }

            metadata[key] = entry.Text("envRef") is { } variable ? FromEnvironment(variable) : Fill(entry.Text("value") ?? "");
        }

        var component = new Component(
            name, (spec.Text("type") ?? "").ToLowerInvariant(), spec.Text("version") ?? "", spec.Flag("ignoreErrors") ?? false, metadata, unresolved);
        _inScope.Add(name, component);
        _resources.Components.Add(component);
    }

    private static ResourceException Duplicate(string name, YamlMap spec, Component existing) => new(
        $"failed to load components: duplicate definition of Component name {name} ({spec.Text("type")}/{spec.Text("version")})"
        + $" with existing {existing.Name} ({existing.Type}/{existing.Version})");

    private static string FromEnvironment(string variable) =>
        variable.Contains(' ') || variable == "APP_API_TOKEN" || variable.StartsWith("DAPR_", StringComparison.Ordinal)
            ? throw new ResourceException($"environment variable {variable} may not be read by a component")
            : Environment.GetEnvironmentVariable(variable) ?? "";

    private string Fill(string value) => value.Contains('{')
        ? value
            .Replace("{uuid}", Guid.NewGuid().ToString(), StringComparison.Ordinal)
            .Replace("{appID}", _appId, StringComparison.Ordinal)
            .Replace("{namespace}", "default." + _appId, StringComparison.Ordinal)
            .Replace("{podName}", "", StringComparison.Ordinal)
        : value;

    private void AddSubscription(YamlMap document, string place)
    {
        var spec = document.Map("spec") ?? Empty;
        if (spec.Map("routes")?.Maps("rules").Any() == true)
        {
            throw new ResourceException($"{place}: {SubscriptionSpec.NoRules}");
        }

        var subscription = new SubscriptionSpec(
            spec.Text("pubsubname") ?? "",
            spec.Text("topic") ?? "",
            spec.Map("routes")?.Text("default") ?? spec.Text("route") ?? "",
            spec.Text("deadLetterTopic") ?? "",
            new Dictionary<string, string>(spec.Pairs("metadata")),
            Bulk(spec.Map("bulkSubscribe")),
            Declarative: true)
        {
            Place = place,
        };

        if (subscription.Route.Length == 0)
        {
            Warn($"{place}: Subscription {NameOf(document)} has no route and is ignored");
        }
        else if (_resources.Subscriptions.Any(other => other.PubSub == subscription.PubSub && other.Topic == subscription.Topic))
        {
            Warn($"{place}: Subscription {NameOf(document)}: topic {subscription.Topic} already has one; only the first is used");
        }
        else
        {
            _resources.Subscriptions.Add(subscription);
        }
    }

    private static BulkSettings? Bulk(YamlMap? bulk) => bulk?.Flag("enabled") == true
        ? new BulkSettings(Number(bulk, "maxMessagesCount"), Number(bulk, "maxAwaitDurationMs"))
        : null;

    private static int? Number(YamlMap map, string key) =>
        int.TryParse(map.Text(key), CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    private void ReadConfiguration(string file)
    {
        if (!File.Exists(file))
        {
            throw new ResourceException($"error reading config file {file}: no such file");
        }

        // Unlike components, Configuration files can contain environment variables.
        if (Parse(Expand(File.ReadAllText(file)), file)?.Map("spec") is not { } spec)
        {
            return;
        }

        var rate = spec.Map("tracing")?.Text("samplingRate");
        _resources.Tracing = !double.TryParse(rate, CultureInfo.InvariantCulture, out var sampled) || sampled > 0;
        foreach (var left in (ReadOnlySpan<string>)["accessControl", "httpPipeline", "appHttpPipeline", "secrets", "api", "components"])
        {
            if (spec.Has(left))
            {
                Warn($"{file}: {left} is not emulated and is ignored");
            }
        }
    }

    private static string Expand(string text) =>
        Variable().Replace(text, match => Environment.GetEnvironmentVariable(match.Groups[1].Value) ?? "");

    [GeneratedRegex(@"\$\{?(\w+)\}?")]
    private static partial Regex Variable();

    private static YamlMap Empty => new([], StringComparison.OrdinalIgnoreCase);

    private static string NameOf(YamlMap document) => document.Map("metadata")?.Text("name") ?? "";

    private void Warn(string text) => _resources.Warnings.Add(text);
}
