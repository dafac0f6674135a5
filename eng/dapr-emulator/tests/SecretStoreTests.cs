using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>Tests secretKeyRef with secretstores.local.file. The expected results are those of Dapr 1.18.3, except where a comment names the difference.</summary>
public sealed class SecretStoreTests : IAsyncDisposable
{
    private const string Secrets =
        """{"plain": "abc", "kafka": {"login": "nested", "deep": {"er": "deeper"}}, "list": ["one"], "number": 5, "empty": "", "id": "x-{appID}"}""";

    private readonly TestHost _host = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("secrets-").FullName;

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("{name: plain, key: plain}", "", "abc")]
    [InlineData("{name: plain}", "", "abc")]
    [InlineData("{name: 'kafka:login', key: 'kafka:login'}", "", "nested")]
    [InlineData("{name: 'kafka:deep:er'}", "", "deeper")]
    [InlineData("{name: 'list:0'}", "", "one")]
    [InlineData("{name: kafka.login}", "nestedSeparator: .", "nested")]
    [InlineData("{name: 'kafka:login'}", "nestedSeparator: ''", "nested")]
    [InlineData("{name: kafka, key: login}", "multiValued: true", "nested")]
    [InlineData("{name: kafka, key: 'deep:er'}", "multiValued: true", "deeper")]
    [InlineData("{name: kafka, key: deep-er}", "multiValued: true, nestedSeparator: '-'", "deeper")]
    [InlineData("{name: plain}", "multiValued: true", "abc")]
    [InlineData("{name: plain}", "multiValued: maybe", "abc")]
    [InlineData("{name: id}", "", "x-a")]
    public void Setting_has_the_value_of_its_secret(string reference, string settings, string value)
    {
        AddStore(Secrets, settings);
        AddBus(reference);

        var resources = Load();

        Assert.Equal(value, Assert.Single(resources.Components).Setting("consumerID"));
        Assert.Empty(resources.Warnings);
    }

    [Theory]
    [InlineData("{name: nothing, key: nothing}", "", "has no key nothing in a secret nothing")]
    [InlineData("{name: kafka, key: login}", "", "has no key login in a secret kafka")]
    [InlineData("{name: plain, key: other}", "", "has no key other in a secret plain")]
    [InlineData("{name: PLAIN}", "", "has no key PLAIN")]
    [InlineData("{name: empty}", "", "has no key empty")]
    [InlineData("{name: kafka, key: other}", "multiValued: true", "has no key other in a secret kafka")]
    [InlineData("{name: list, key: '0'}", "multiValued: true", "has no key 0 in a secret list")]
    public void Missing_secret_is_an_empty_setting_with_a_warning(string reference, string settings, string warning)
    {
        AddStore(Secrets, settings);
        AddBus(reference);

        var resources = Load();

        Assert.Equal("", Assert.Single(resources.Components).Setting("consumerID"));
        Assert.Contains("setting 'consumerID' is empty, because secret store local " + warning, Assert.Single(resources.Warnings));
    }

    [Fact]
    public void Reference_without_auth_is_an_empty_setting_with_a_warning()
    {
        AddStore(Secrets);
        AddBus("{name: plain}", auth: "");

        var resources = Load();

        Assert.Equal("", Assert.Single(resources.Components).Setting("consumerID"));
        Assert.Contains("the component has no auth.secretStore", Assert.Single(resources.Warnings));
    }

    [Fact]
    public async Task Component_whose_store_is_not_loaded_does_not_exist()
    {
        AddStore(Secrets);
        AddBus("{name: plain}", auth: "auth: {secretStore: kubernetes}");

        var sidecar = await _host.StartAsync("a");

        using var response = await _host.PostAsync(sidecar, "/v1.0/publish/bus/t", "{}");
        Assert.Equal(404, (int)response.StatusCode);
        Assert.Contains(_host.Log, entry => entry.Contains("component bus is ignored: it references a secret store that isn't loaded: kubernetes"));
    }

    [Theory]
    [InlineData("file_missing", "open missing.json: no such file or directory")]
    [InlineData("{\"plain\": ", "is not valid JSON: ")]
    [InlineData("", "is not valid JSON: ")]
    [InlineData("[\"plain\"]", "must contain a JSON object")]
    [InlineData("no_file", "missing local secrets file in metadata")]
    public void Store_that_cannot_be_read_is_an_error_at_start(string content, string error)
    {
        AddBus("{name: plain}");
        if (content is "file_missing" or "no_file")
        {
            AddStore(content == "no_file" ? "" : "{name: secretsFile, value: missing.json}", isFile: false);
        }
        else
        {
            AddStore(content);
        }

        var failure = Assert.Throws<ResourceException>(Load);

        Assert.StartsWith(
            "process component local error: [INIT_COMPONENT_FAILURE]: initialization error occurred for local (secretstores.local.file/v1): "
            + "[INIT_COMPONENT_FAILURE]: initialization error occurred for local (secretstores.local.file/v1): ",
            failure.Message);
        Assert.Contains(error, failure.Message);
        Assert.DoesNotContain("plain", failure.Message); // a part of the file may be a secret
    }

    [Fact]
    public void Broken_store_that_ignores_errors_is_a_warning()
    {
        AddBus("{name: plain}");
        AddStore("{name: secretsFile, value: missing.json}", isFile: false, spec: "ignoreErrors: true, ");

        var resources = Load();

        Assert.Empty(resources.Components);
        Assert.Contains(resources.Warnings, warning => warning.Contains("no such file or directory"));
        Assert.Contains(resources.Warnings, warning => warning.Contains("isn't loaded: local"));
    }

    /// <summary>Dapr uses <c>%!s(float64=5)</c> as the value.</summary>
    [Fact]
    public void Secret_that_is_not_text_is_an_error()
    {
        AddStore(Secrets);
        AddBus("{name: number}");

        Assert.Contains("key number of secret number in secret store local must be text in quotes", Assert.Throws<ResourceException>(Load).Message);
    }

    [Fact]
    public void Store_of_another_type_is_an_error_if_a_component_uses_it()
    {
        _host.AddResource("s.yaml", Component("vault", "secretstores.hashicorp.vault"));
        Assert.Empty(Load().SecretStores);

        AddBus("{name: plain}", auth: "auth: {secretStore: vault}");

        Assert.Contains(
            "component bus references vault (secretstores.hashicorp.vault), which is not emulated (the emulator supports secretstores.local.file)",
            Assert.Throws<ResourceException>(Load).Message);
    }

    [Fact]
    public void Store_that_itself_uses_a_secret_is_an_error()
    {
        AddStore("{name: secretsFile, secretKeyRef: {name: plain}}", isFile: false);

        Assert.Contains("secretKeyRef in a secret store is not emulated", Assert.Throws<ResourceException>(Load).Message);
    }

    [Fact]
    public void Unknown_version_of_the_store_is_an_error()
    {
        AddStore(Secrets, version: "v2");

        Assert.Contains("couldn't find secret store secretstores.local.file/v2", Assert.Throws<ResourceException>(Load).Message);
    }

    [Fact]
    public async Task Secret_store_is_listed_by_the_metadata_but_has_no_API()
    {
        AddStore(Secrets, "multiValued: true");
        AddBus("{name: plain}");
        var sidecar = await _host.StartAsync("a");

        var components = JsonNode.Parse(await _host.GetAsync(sidecar, "/v1.0/metadata"))!["components"]!.AsArray();
        using var response = await _host.Client.GetAsync($"{TestHost.AddressOf(sidecar)}/v1.0/secrets/local/plain", TestContext.Current.CancellationToken);

        Assert.Equal(
            """{"name":"local","type":"secretstores.local.file","version":"v1","capabilities":["MULTIPLE_KEY_VALUES_PER_SECRET"]}""",
            components[0]!.ToJsonString());
        Assert.Equal(501, (int)response.StatusCode);
        Assert.DoesNotContain("abc", string.Join('\n', _host.Log));
    }

    /// <param name="text">The content of the file, or the metadata of the component.</param>
    private void AddStore(string text, string settings = "", bool isFile = true, string spec = "", string version = "v1")
    {
        var metadata = text;
        if (isFile)
        {
            var file = Path.Combine(_folder, "secrets.json");
            File.WriteAllText(file, text);
            metadata = string.Join(", ", settings.Split(", ", StringSplitOptions.RemoveEmptyEntries).Prepend($"secretsFile: {file}")
                .Select(setting => $"{{name: {setting.Split(": ")[0]}, value: {setting.Split(": ")[1]}}}"));
        }

        // The file is read after that of the pub/sub component.
        _host.AddResource("z.yaml", Component("local", LocalSecretStore.Type, metadata, spec, version));
    }

    private void AddBus(string reference, string auth = "auth: {secretStore: local}") =>
        _host.AddResource("c.yaml", Component("bus", "pubsub.in-memory", $"{{name: consumerID, secretKeyRef: {reference}}}") + auth);

    private static string Component(string name, string type, string metadata = "", string spec = "", string version = "v1") =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\n"
        + $"spec: {{type: {type}, version: {version}, {spec}metadata: [{metadata}]}}\n";

    private AppResources Load() => ResourceLoader.Load("a", [_host.Resources], null);
}
