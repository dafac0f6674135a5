using System.Globalization;
using Npgsql;
using YamlDotNet.Serialization;

namespace DaprOrders.Stack;

/// <summary>An app of a run file.</summary>
/// <param name="Folder">The absolute path of the app's folder.</param>
/// <param name="HttpPort">The HTTP port of its sidecar.</param>
/// <param name="GrpcPort">The gRPC port of its sidecar.</param>
/// <param name="Database">The connection settings of its database; null if it has none.</param>
/// <param name="Migrations">The connection settings of its migrations; null if it uses <paramref name="Database"/>.</param>
public sealed record RunFileApp(
    string AppId, string Folder, int AppPort, int HttpPort, int GrpcPort, NpgsqlConnectionStringBuilder? Database, NpgsqlConnectionStringBuilder? Migrations)
{
    /// <summary>Gets the ports that must be free before the app and its sidecar start.</summary>
    public IEnumerable<int> Ports => [AppPort, .. SidecarPorts];

    /// <summary>Gets the ports of its sidecar.</summary>
    public IEnumerable<int> SidecarPorts => [HttpPort, GrpcPort];
}

/// <summary>A run file of Dapr in memory, which can be changed and written to another file.</summary>
public sealed class RunFile
{
    private const string Connection = "ConnectionStrings__Database";
    private const string MigrationsConnection = "ConnectionStrings__Migrations";

    private readonly string _path;
    private readonly Dictionary<object, object> _file;

    private RunFile(string path, Dictionary<object, object> file) => (_path, _file) = (path, file);

    /// <summary>Gets the apps in the order in which they start.</summary>
    public IReadOnlyList<RunFileApp> Apps => [.. AppList.Select(Read)];

    /// <summary>Gets the databases by app id.</summary>
    public IReadOnlyDictionary<string, ServiceDatabase> Databases =>
        Apps.Where(app => app.Database is not null).DistinctBy(app => app.AppId)
            .ToDictionary(app => app.AppId, app => new ServiceDatabase(app.Database!, app.Migrations));

    /// <summary>Gets the resource folders that all apps share.</summary>
    public IReadOnlyList<string> ResourceFolders => Common.GetValueOrDefault("resourcesPaths") is List<object> { Count: > 0 } paths
        ? [.. paths.Select(path => $"{path}")]
        : throw Error("common.resourcesPaths must be a list of folders; the last one is the broker's");

    /// <summary>Gets the configuration file that all apps share; null if there is none.</summary>
    public string? ConfigurationFile => Common.GetValueOrDefault("configFilePath") as string;

    /// <summary>Gets the broker's component file, which is in the last folder of <c>common.resourcesPaths</c>.</summary>
    public string ComponentFile => Path.Combine(ResourceFolders[^1], "pubsub.yaml");

    private IEnumerable<Dictionary<object, object>> AppList => ((List<object>)_file["apps"]).Cast<Dictionary<object, object>>();

    private Dictionary<object, object> Common => (Dictionary<object, object>)_file["common"];

    /// <summary>Reads a run file. Its paths become absolute.</summary>
    /// <exception cref="StackException">The file is missing or is not a valid run file. The message names the error.</exception>
    public static RunFile Read(string path)
    {
        var file = new RunFile(path, Yaml.Read(path));
        if (file._file.GetValueOrDefault("common") is not Dictionary<object, object>)
        {
            throw file.Error("'common' must be a mapping");
        }

        if (file._file.GetValueOrDefault("apps") is not List<object> { Count: > 0 } apps || !apps.TrueForAll(app => app is Dictionary<object, object>))
        {
            throw file.Error("'apps' must be a list of mappings");
        }

        foreach (var values in file.AppList.Append(file.Common).Append(file._file))
        {
            RestoreTypes(values);
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        file.ChangePaths(relative => Path.GetFullPath(Path.Combine(folder, relative)));
        _ = file.Apps; // throws if an app is invalid
        return file;
    }

    /// <summary>Uses the components of another broker, which are in a folder beside that of the current broker.</summary>
    public void UseBroker(string broker) =>
        Common["resourcesPaths"] = ResourceFolders.SkipLast(1).Append(Path.Combine(Path.GetDirectoryName(ResourceFolders[^1])!, broker)).ToList<object>();

    /// <summary>Copies the resource folders and the configuration with changed content, and uses the copies.</summary>
    /// <param name="folder">The folder for the copies.</param>
    /// <param name="change">Changes the content of a file.</param>
    public void CopyResources(string folder, Func<string, string> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        foreach (var file in ResourceFolders.SelectMany(Resource.FilesIn).Append(ConfigurationFile).OfType<string>().Distinct())
        {
            Directory.CreateDirectory(CopyOf(Path.GetDirectoryName(file)!));
            File.WriteAllText(Path.Combine(CopyOf(Path.GetDirectoryName(file)!), Path.GetFileName(file)), change(File.ReadAllText(file)));
        }

        Common["resourcesPaths"] = ResourceFolders.Select(CopyOf).ToList<object>();
        if (ConfigurationFile is { } configuration)
        {
            Common["configFilePath"] = Path.Combine(CopyOf(Path.GetDirectoryName(configuration)!), Path.GetFileName(configuration));
        }

        string CopyOf(string original) => Path.Combine(folder, Path.GetFileName(original));
    }

    /// <summary>Gives the sidecars of one app a copy of the broker's component with another address.</summary>
    /// <param name="appId">The app.</param>
    /// <param name="folder">The folder for the copy.</param>
    /// <param name="address">The address in the component, as host:port.</param>
    /// <param name="replacement">The address for this app.</param>
    public void UseBrokerAddress(string appId, string folder, string address, string replacement)
    {
        var copy = Path.Combine(folder, $"{Path.GetFileName(ResourceFolders[^1])}-{appId}");
        Directory.CreateDirectory(copy);
        foreach (var file in Resource.FilesIn(ResourceFolders[^1]))
        {
            File.WriteAllText(Path.Combine(copy, Path.GetFileName(file)), File.ReadAllText(file).Replace(address, replacement, StringComparison.Ordinal));
        }

        foreach (var app in AppList.Where(app => Id(app) == appId))
        {
            app["resourcesPaths"] = ResourceFolders.SkipLast(1).Append(copy).ToList<object>();
        }
    }

    /// <summary>Makes apps and sidecars log to the console only, not to files.</summary>
    public void LogToConsole() => Common["appLogDestination"] = Common["daprdLogDestination"] = "console";

    /// <summary>Replaces the command of each app. If <paramref name="command"/> returns null, the app keeps its command.</summary>
    public void Run(Func<string, IReadOnlyList<string>?> command)
    {
        foreach (var app in AppList)
        {
            if (command(Id(app)) is { } replacement)
            {
                app["command"] = replacement.ToList<object>();
            }
        }
    }

    /// <summary>Uses published apps. Each app is a program in a folder with the name of its app id, and all paths become relative.</summary>
    /// <param name="root">The folder to which the other paths become relative.</param>
    /// <param name="program">Returns the name of an app's program.</param>
    public void UsePublished(string root, Func<string, string> program)
    {
        ArgumentNullException.ThrowIfNull(program);
        Run(appId => [$"./{program(appId)}"]);
        ChangePaths(path => $"./{Path.GetRelativePath(root, path).Replace('\\', '/')}");
        foreach (var app in AppList)
        {
            app["appDirPath"] = $"./{Id(app)}";
        }
    }

    /// <summary>Removes the command of an app, so that only its sidecar is started.</summary>
    public void RunSidecarOnly(string appId) => AppList.First(app => Id(app) == appId).Remove("command");

    /// <summary>Repeats the entry of an app, so that several instances are started.</summary>
    public void Repeat(string appId, int instances)
    {
        var app = AppList.First(app => Id(app) == appId);
        ((List<object>)_file["apps"]).AddRange(Enumerable.Range(1, instances - 1).Select(_ => new Dictionary<object, object>(app)));
    }

    /// <summary>Sets environment variables for every app.</summary>
    public void SetEnvironment(IReadOnlyDictionary<string, string> variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        foreach (var app in AppList)
        {
            app["env"] = Environment(app).Concat(variables.Select(variable => KeyValuePair.Create((object)variable.Key, (object)variable.Value)))
                .GroupBy(variable => variable.Key).ToDictionary(same => same.Key, same => same.Last().Value);
        }
    }

    /// <summary>Connects every app that has a database to PostgreSQL on another port.</summary>
    /// <param name="port">The port.</param>
    /// <param name="keywords">Additional keywords of the connection strings.</param>
    public void UsePostgres(int port, string keywords = "")
    {
        foreach (var app in AppList.Where(app => Read(app).Database is not null))
        {
            var environment = new Dictionary<object, object>(Environment(app))
            {
                [Connection] = Change(Read(app).Database!),
            };
            if (Read(app).Migrations is { } migrations)
            {
                environment[MigrationsConnection] = Change(migrations);
            }

            app["env"] = environment;
        }

        string Change(NpgsqlConnectionStringBuilder settings) =>
            new NpgsqlConnectionStringBuilder($"{settings.ConnectionString};{keywords}") { Port = port }.ConnectionString;
    }

    /// <summary>Gives every instance its own free ports. With proxies, app and sidecar call each other on ports on which a proxy must listen.</summary>
    public IReadOnlyList<AppInstance> UseFreePorts(bool isProxied)
    {
        var instances = new List<AppInstance>();
        foreach (var app in AppList)
        {
            int port = FreePort.Take(), sidecar = FreePort.Take();
            var instance = new AppInstance(
                Id(app), instances.Count(other => other.AppId == Id(app)) + 1, port, isProxied ? FreePort.Take() : port, sidecar,
                isProxied ? FreePort.Take() : sidecar, FreePort.Take());
            instances.Add(instance);
            app["appPort"] = instance.PortForSidecar;
            app["daprHTTPPort"] = instance.SidecarPort;
            app["daprGRPCPort"] = instance.GrpcPort;
            if (isProxied)
            {
                // The environment of the run file overrides the variables that Dapr sets for the app.
                app["env"] = new Dictionary<object, object>(Environment(app))
                {
                    ["APP_PORT"] = $"{instance.Port}",
                    ["DAPR_HTTP_PORT"] = $"{instance.SidecarPortForApp}",
                };
            }
        }

        return instances;
    }

    /// <summary>Returns the run file as YAML.</summary>
    public override string ToString() => ToString(_ => true);

    /// <summary>Returns the run file as YAML, with some of its apps.</summary>
    public string ToString(Func<string, bool> includes) => new SerializerBuilder().WithQuotingNecessaryStrings().Build().Serialize(
        new Dictionary<object, object>(_file) { ["apps"] = AppList.Where(app => includes(Id(app))).ToList() });

    /// <summary>
    /// Converts text to numbers and booleans, because YAML was read as text and the Dapr CLI refuses quoted numbers and booleans. Values in env remain
    /// text.
    /// </summary>
    private static void RestoreTypes(Dictionary<object, object> values)
    {
        foreach (var (key, value) in values.ToList())
        {
            values[key] = value is not string text ? value
                : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
                : bool.TryParse(text, out var isTrue) ? isTrue
                : value;
        }
    }

    private static string Id(Dictionary<object, object> app) => $"{app["appID"]}";

    private static Dictionary<object, object> Environment(Dictionary<object, object> app) =>
        app.GetValueOrDefault("env") as Dictionary<object, object> ?? [];

    private RunFileApp Read(Dictionary<object, object> app)
    {
        var appId = app.GetValueOrDefault("appID")?.ToString() ?? throw Error("every app needs an appID");
        return new RunFileApp(
            appId,
            app.GetValueOrDefault("appDirPath")?.ToString() ?? throw Error($"app {appId} needs an appDirPath"),
            Port("appPort"), Port("daprHTTPPort"), Port("daprGRPCPort"), Settings(Connection), Settings(MigrationsConnection));

        int Port(string key) => int.TryParse($"{app.GetValueOrDefault(key)}", NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65_536
            ? port
            : throw Error($"{key} of app {appId} is '{app.GetValueOrDefault(key)}'; it must be a port");

        NpgsqlConnectionStringBuilder? Settings(string variable)
        {
            if (Environment(app).GetValueOrDefault(variable) is not string text)
            {
                return null;
            }

            try
            {
                return new NpgsqlConnectionStringBuilder(text);
            }
            catch (ArgumentException e)
            {
                throw Error($"{variable} of app {appId} is not a connection string: {e.Message}");
            }
        }
    }

    private void ChangePaths(Func<string, string> change)
    {
        Common["resourcesPaths"] = ResourceFolders.Select(change).ToList<object>();
        if (Common.GetValueOrDefault("configFilePath") is string config)
        {
            Common["configFilePath"] = change(config);
        }

        foreach (var app in AppList)
        {
            app["appDirPath"] = change(Read(app).Folder);
        }
    }

    private StackException Error(string what) => new($"{_path}: {what}");
}
