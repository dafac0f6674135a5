using System.Text.Json;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A component of type secretstores.local.file: secrets in a JSON file. Like Dapr, it reads the file once, at the start.</summary>
internal sealed class LocalSecretStore
{
    public const string Type = "secretstores.local.file";

    private readonly Component _component;
    private readonly Dictionary<string, JsonElement> _root = [];
    private readonly Dictionary<string, JsonElement> _flat = [];
    private readonly string _separator;

    /// <exception cref="ResourceException">The component or its file is invalid.</exception>
    public LocalSecretStore(Component component)
    {
        _component = component;
        _separator = component.Setting("nestedSeparator") is { Length: > 0 } separator ? separator : ":";
        IsMultiValued = component.Flag("multiValued", false);
        if (component.Version is not ("" or "v0" or "v1"))
        {
            throw Failed($"couldn't find secret store {component.Type}/{component.Version}", "CREATE_COMPONENT_FAILURE");
        }

        if (component.Setting("secretsFile") is not { Length: > 0 } file)
        {
            throw Failed("missing local secrets file in metadata");
        }

        using var document = Read(file);
        foreach (var property in document.RootElement.EnumerateObject())
        {
            _root[property.Name] = property.Value.Clone(); // if a name occurs twice, the last one is used
        }

        AddFlat("", document.RootElement, _flat);
    }

    public string Name => _component.Name;

    public string Version => _component.Version;

    /// <summary>Gets a value indicating whether an object at the top level is one secret with several keys. Otherwise each text in the file is a secret.</summary>
    public bool IsMultiValued { get; }

    /// <summary>Returns the value of a key of a secret: null if there is no such secret, and '' if it has no such key.</summary>
    /// <exception cref="ResourceException">The value is not text. Dapr would format it as <c>%!s(float64=5)</c>.</exception>
    public string? Find(string secret, string key)
    {
        if (IsMultiValued && _root.GetValueOrDefault(secret) is { ValueKind: JsonValueKind.Object } map)
        {
            var values = new Dictionary<string, JsonElement>();
            AddFlat("", map, values);
            return values.TryGetValue(key, out var inner) ? Text(secret, key, inner) : "";
        }

        var secrets = IsMultiValued ? _root : _flat;
        if (!secrets.TryGetValue(secret, out var value) || (IsMultiValued && value.ValueKind is not JsonValueKind.String))
        {
            return null;
        }

        return key == secret ? Text(secret, key, value) : "";
    }

    private JsonDocument Read(string file)
    {
        try
        {
            var document = JsonDocument.Parse(File.ReadAllText(file));
            return document.RootElement.ValueKind is JsonValueKind.Object ? document : throw Failed($"{file} must contain a JSON object");
        }
        catch (JsonException broken)
        {
            throw Failed($"{file} is not valid JSON: {broken.Message}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failed($"open {file}: {(File.Exists(file) ? failure.Message : "no such file or directory")}");
        }
    }

    private void AddFlat(string prefix, JsonElement value, Dictionary<string, JsonElement> secrets)
    {
        var children = value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().Select(property => (property.Name, property.Value)),
            JsonValueKind.Array => value.EnumerateArray().Select((item, index) => ($"{index}", item)),
            _ => [],
        };
        foreach (var (name, child) in children)
        {
            var path = prefix.Length == 0 ? name : $"{prefix}{_separator}{name}";
            if (child.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            {
                AddFlat(path, child, secrets);
            }
            else
            {
                secrets[path] = child.Clone();
            }
        }
    }

    private string Text(string secret, string key, JsonElement value) => value.ValueKind is JsonValueKind.String
        ? value.GetString()!
        : throw new ResourceException($"key {key} of secret {secret} in secret store {Name} must be text in quotes, which Dapr needs too");

    private ResourceException Failed(string error, string code = "INIT_COMPONENT_FAILURE")
    {
        var name = $"{_component.Name} ({_component.Type}/{_component.Version})";
        return new ResourceException(
            $"process component {_component.Name} error: [INIT_COMPONENT_FAILURE]: initialization error occurred for {name}: "
            + $"[{code}]: initialization error occurred for {name}: {error}");
    }
}
