using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>Loads resources from folders. Like Dapr, it ignores unknown keys and kinds, but rejects duplicate components and missing folders.</summary>
internal sealed partial class ResourceLoader
{
    private readonly string _appId;
    private readonly AppResources _resources = new();
    private readonly Dictionary<string, Component> _components = [];
    private string _resiliencyLocation = "";

    private ResourceLoader(string appId) => _appId = appId;

    /// <exception cref="ResourceException">Dapr would not start with these files, or they use a feature that is not emulated.</exception>
    public static AppResources Load(string appId, IEnumerable<string> folders, string? configurationFile)
    {
        var loader = new ResourceLoader(appId);
        foreach (var folder in folders)
        {
            loader.ReadFolder(folder);
        }

        loader.OpenSecretStores();
        loader.ReadSecrets();
        loader._resources.Warnings.AddRange(loader._resources.Resiliency.UndefinedPolicies().Select(problem => $"{loader._resiliencyLocation}: {problem}"));
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

        foreach (var subfolder in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            Warn($"{subfolder} is ignored: Dapr does not read subfolders of a resources folder");
        }

        foreach (var file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            if (Path.GetExtension(file) is not (".yaml" or ".yml"))
            {
                Warn($"{file} is ignored: it is not a YAML file");
                continue;
            }

            ReadFile(file);
        }
    }

    private void ReadFile(string file)
    {
        // Like Dapr, split the file before parsing, so that an invalid document does not affect the others.
        var documents = File.ReadAllText(file).Split("\n---");
        var next = 0;
        for (var number = 0; number < documents.Length; number++)
        {
            var lineOffset = next;
            next += documents[number].Count(letter => letter == '\n') + 1;
            if (Parse(documents[number], file, lineOffset) is not { } document)
            {
                continue;
            }

            if (!IsInScope(document))
            {
                RejectDuplicate(document);
                continue;
            }

            Read(document, file, number, lineOffset);
        }
    }

    private YamlMap? Parse(string text, string file, int lineOffset = 0)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: YamlMappingNode map }, ..] ? new YamlMap(map, StringComparison.OrdinalIgnoreCase) : null;
        }
        catch (YamlException broken)
        {
            Warn($"{file}:{lineOffset + broken.Start.Line}: {broken.Message}; the document is ignored");
            return null;
        }
    }

    /// <param name="lineOffset">The number of lines before the document.</param>
    private void Read(YamlMap document, string file, int number, int lineOffset)
    {
        var location = $"{file}:{lineOffset + document.LineOf("kind")}";
        WarnAboutUnknownKeys(document, file, lineOffset);
        switch (document.Text("kind"), document.Text("apiVersion"))
        {
            case ("Component", "dapr.io/v1alpha1"):
                AddComponent(document);
                break;
            case ("Subscription", "dapr.io/v1alpha1" or "dapr.io/v2alpha1"):
                AddSubscription(document, location);
                break;
            case ("Resiliency", "dapr.io/v1alpha1") when number > 0:
                Warn($"{location}: this Resiliency is ignored: Dapr reads one only from the first document of a file");
                break;
            case ("Resiliency", "dapr.io/v1alpha1"):
                AddResiliency(document, location);
                break;
            case ("Configuration", _):
                break;
            case var (kind, version):
                Warn($"{location}: kind '{kind}' with apiVersion '{version}' is ignored: it is unknown");
                break;
        }
    }

    private void AddResiliency(YamlMap document, string location)
    {
        try
        {
            _resources.Resiliency.Add(NameOf(document), document.Map("spec") ?? Empty);
            _resiliencyLocation = location;
        }
        catch (FormatException failure)
        {
            Warn($"{location}: Could not read resiliency policy {NameOf(document)}: {failure.Message}; its targets are ignored");
        }
        catch (ResourceException failure)
        {
            throw new ResourceException($"{location}: {failure.Message}");
        }
    }

    private static readonly string[] TopKeys = ["apiVersion", "kind", "metadata", "spec", "scopes", "auth"];

    private static readonly Dictionary<string, string[]> SpecKeys = new()
    {
        ["Component"] = ["type", "version", "metadata", "ignoreErrors", "initTimeout"],
        ["Subscription"] = ["pubsubname", "topic", "route", "routes", "metadata", "deadLetterTopic", "bulkSubscribe"],
        ["Resiliency"] = ["policies", "targets"],
    };

    private void WarnAboutUnknownKeys(YamlMap document, string file, int lineOffset)
    {
        if (!SpecKeys.TryGetValue(document.Text("kind") ?? "", out var known))
        {
            return;
        }

        foreach (var (key, line) in document.Keys.Where(key => !TopKeys.Contains(key.Key, StringComparer.OrdinalIgnoreCase))
            .Concat((document.Map("spec")?.Keys ?? []).Where(key => !known.Contains(key.Key, StringComparer.OrdinalIgnoreCase))))
        {
            Warn($"{file}:{lineOffset + line}: unknown key '{key}' is ignored");
        }
    }

    private bool IsInScope(YamlMap document) =>
        document.Texts("scopes") is not { Count: > 0 } scopes || scopes.Contains(_appId);

    private void RejectDuplicate(YamlMap document)
    {
        if (document.Text("kind") == "Component" && _components.TryGetValue(NameOf(document), out var existing))
        {
            throw Duplicate(NameOf(document), document.Map("spec") ?? Empty, existing);
        }
    }

    private void AddComponent(YamlMap document)
    {
        var name = NameOf(document);
        var spec = document.Map("spec") ?? Empty;
        if (_components.TryGetValue(name, out var existing))
        {
            throw Duplicate(name, spec, existing);
        }

        var metadata = new Dictionary<string, string>();
        var secrets = new List<SecretReference>();
        foreach (var entry in spec.Maps("metadata"))
        {
            if (entry.Text("name") is not { } key)
            {
                continue;
            }

            if (entry.Map("secretKeyRef") is { } reference && reference.Text("name") is { Length: > 0 } secret)
            {
                secrets.Add(new SecretReference(key, secret, reference.Text("key") is { Length: > 0 } secretKey ? secretKey : secret));
            }

            metadata[key] = entry.Text("envRef") is { } variable ? FromEnvironment(variable) : ReplacePlaceholders(entry.Text("value") ?? "");
        }

        var component = new Component(
            name, (spec.Text("type") ?? "").ToLowerInvariant(), spec.Text("version") ?? "", spec.Flag("ignoreErrors") ?? false, metadata)
        {
            SecretStore = document.Map("auth")?.Text("secretStore"),
            Secrets = secrets,
        };
        _components.Add(name, component);
        _resources.Components.Add(component);
    }

    /// <summary>Opens the secret stores before the other components, whichever file contains them.</summary>
    private void OpenSecretStores()
    {
        foreach (var component in _resources.Components.Where(component => component.Type == LocalSecretStore.Type).ToList())
        {
            _resources.Components.Remove(component);
            if (component.Secrets.Count > 0)
            {
                throw new ResourceException($"component {component.Name}: secretKeyRef in a secret store is not emulated");
            }

            try
            {
                _resources.SecretStores.Add(new LocalSecretStore(component));
            }
            catch (ResourceException failure) when (component.IgnoreErrors)
            {
                Warn(failure.Message);
            }
        }
    }

    /// <summary>
    /// Adds the secrets to the settings of the components. Like Dapr, it starts without a component whose secret store is not loaded, and uses '' for a
    /// secret that does not exist.
    /// </summary>
    private void ReadSecrets()
    {
        // Components of other types are ignored later, with a warning.
        foreach (var component in _resources.Components
            .Where(component => component.Secrets.Count > 0 && component.Type.StartsWith("pubsub.", StringComparison.Ordinal)).ToList())
        {
            var metadata = component.Metadata.ToDictionary();
            var store = _resources.SecretStores.FirstOrDefault(store => store.Name == component.SecretStore);
            if (store is null && component.SecretStore is { Length: > 0 } name)
            {
                if (_components.GetValueOrDefault(name) is { } other && other.Type != LocalSecretStore.Type)
                {
                    throw new ResourceException(
                        $"component {component.Name} references {name} ({other.Type}), which is not emulated (the emulator supports {LocalSecretStore.Type})");
                }

                Warn($"component {component.Name} is ignored: it references a secret store that isn't loaded: {name}");
                _resources.Components.Remove(component);
                continue;
            }

            foreach (var (setting, secret, key) in component.Secrets)
            {
                var value = store?.Find(secret, key);
                if (string.IsNullOrEmpty(value))
                {
                    Warn(store is null
                        ? $"component {component.Name}: setting '{setting}' is empty, because the component has no auth.secretStore"
                        : $"component {component.Name}: setting '{setting}' is empty, because secret store {store.Name} has no key {key} in a secret {secret}");
                }

                metadata[setting] = ReplacePlaceholders(value ?? "");
            }

            _resources.Components[_resources.Components.IndexOf(component)] = component with { Metadata = metadata };
        }
    }

    private static ResourceException Duplicate(string name, YamlMap spec, Component existing) => new(
        $"failed to load components: duplicate definition of Component name {name} ({spec.Text("type")}/{spec.Text("version")})"
        + $" with existing {existing.Name} ({existing.Type}/{existing.Version})");

    private static string FromEnvironment(string variable) =>
        variable.Contains(' ') || variable == "APP_API_TOKEN" || variable.StartsWith("DAPR_", StringComparison.Ordinal)
            ? throw new ResourceException($"a component cannot read the environment variable {variable}")
            : Environment.GetEnvironmentVariable(variable) ?? "";

    private string ReplacePlaceholders(string value) => value.Contains('{')
        ? value
            .Replace("{uuid}", Guid.NewGuid().ToString(), StringComparison.Ordinal)
            .Replace("{appID}", _appId, StringComparison.Ordinal)
            .Replace("{namespace}", "default." + _appId, StringComparison.Ordinal)
            .Replace("{podName}", "", StringComparison.Ordinal)
        : value;

    private void AddSubscription(YamlMap document, string location)
    {
        var spec = document.Map("spec") ?? Empty;
        if (spec.Map("routes")?.Maps("rules").Any() == true)
        {
            throw new ResourceException($"{location}: {SubscriptionSpec.RulesNotEmulated}");
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
            Location = location,
        };

        if (subscription.Route.Length == 0)
        {
            Warn($"{location}: Subscription {NameOf(document)} is ignored: it has no route");
        }
        else if (_resources.Subscriptions.Any(other => other.PubSub == subscription.PubSub && other.Topic == subscription.Topic))
        {
            Warn($"{location}: Subscription {NameOf(document)} is ignored: topic {subscription.Topic} already has a subscription, and only the first is used");
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

        // Dapr replaces environment variables in Configuration files, but not in other resources.
        if (Parse(ReplaceVariables(File.ReadAllText(file)), file)?.Map("spec") is not { } spec)
        {
            return;
        }

        var rate = spec.Map("tracing")?.Text("samplingRate");
        _resources.Tracing = !double.TryParse(rate, CultureInfo.InvariantCulture, out var samplingRate) || samplingRate > 0;
        foreach (var key in (ReadOnlySpan<string>)["accessControl", "httpPipeline", "appHttpPipeline", "secrets", "api", "components"])
        {
            if (spec.Has(key))
            {
                Warn($"{file}: {key} is ignored: it is not emulated");
            }
        }
    }

    private static string ReplaceVariables(string text) =>
        Variable().Replace(text, match => Environment.GetEnvironmentVariable(match.Groups[1].Value) ?? "");

    [GeneratedRegex(@"\$\{?(\w+)\}?")]
    private static partial Regex Variable();

    private static YamlMap Empty => new([], StringComparison.OrdinalIgnoreCase);

    private static string NameOf(YamlMap document) => document.Map("metadata")?.Text("name") ?? "";

    private void Warn(string text) => _resources.Warnings.Add(text);
}
