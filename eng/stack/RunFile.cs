using System.Globalization;
using Npgsql;
using YamlDotNet.Serialization;

namespace DaprOrders.Stack;

/// <summary>An app of a run file.</summary>
/// <param name="AppId">The app id.</param>
/// <param name="Folder">The folder of the app, absolute.</param>
/// <param name="AppPort">Where the app listens.</param>
/// <param name="HttpPort">Where its sidecar listens for HTTP.</param>
/// <param name="GrpcPort">Where its sidecar listens for gRPC.</param>
/// <param name="Database">How the app connects to its database; null if it has none.</param>
public sealed record RunFileApp(string AppId, string Folder, int AppPort, int HttpPort, int GrpcPort, NpgsqlConnectionStringBuilder? Database)
{
    /// <summary>Gets the ports that must be free before the app and its sidecar start.</summary>
    public IEnumerable<int> Ports => [AppPort, .. SidecarPorts];

    /// <summary>Gets the ports of its sidecar.</summary>
    public IEnumerable<int> SidecarPorts => [HttpPort, GrpcPort];
}

/// <summary>A run file of Dapr, which can be read and rewritten. It is never changed on disk.</summary>
public sealed class RunFile
{
    private const string Connection = "ConnectionStrings__Database";

    private readonly string _path;
    private readonly Dictionary<object, object> _file;

    private RunFile(string path, Dictionary<object, object> file) => (_path, _file) = (path, file);

    /// <summary>Gets the apps in the order in which they start.</summary>
    public IReadOnlyList<RunFileApp> Apps => [.. AppList.Select(Read)];

    /// <summary>Gets how the apps connect to their databases, by app id.</summary>
    public IReadOnlyDictionary<string, NpgsqlConnectionStringBuilder> Databases =>
        Apps.Where(app => app.Database is not null).DistinctBy(app => app.AppId).ToDictionary(app => app.AppId, app => app.Database!);

    /// <summary>Gets the folders of resources that all apps share.</summary>
    public IReadOnlyList<string> ResourceFolders => Common.GetValueOrDefault("resourcesPaths") is List<object> { Count: > 0 } paths
        ? [.. paths.Select(path => $"{path}")]
        : throw Error("common.resourcesPaths must be a list of folders; the last one is the broker's");

    /// <summary>Gets the file with the configuration that all apps share; null if none is named.</summary>
    public string? ConfigurationFile => Common.GetValueOrDefault("configFilePath") as string;

    /// <summary>Gets the broker's component file: it is in the folder that <c>common.resourcesPaths</c> names last.</summary>
    public string ComponentFile => Path.Combine(ResourceFolders[^1], "pubsub.yaml");

    private IEnumerable<Dictionary<object, object>> AppList => ((List<object>)_file["apps"]).Cast<Dictionary<object, object>>();

    private Dictionary<object, object> Common => (Dictionary<object, object>)_file["common"];

    /// <summary>Reads a run file. Its paths become absolute.</summary>
    /// <exception cref="StackException">The file is missing or is no run file. The message names the place.</exception>
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
        _ = file.Apps; // every app can be read
        return file;
    }

    /// <summary>Uses the components of another broker: the folder beside the one that is named last.</summary>
    public void UseBroker(string broker) =>
        Common["resourcesPaths"] = ResourceFolders.SkipLast(1).Append(Path.Combine(Path.GetDirectoryName(ResourceFolders[^1])!, broker)).ToList<object>();

    /// <summary>Logs to the console only, not to files beside the apps.</summary>
    public void LogToConsole() => Common["appLogDestination"] = Common["daprdLogDestination"] = "console";

    /// <summary>Replaces the command of each app. Where the new command is null, the old one stays.</summary>
    public void Run(Func<string, IReadOnlyList<string>?> command)
    {
        foreach (var app in AppList)
        {
            if (command(Id(app)) is { } words)
            {
                app["command"] = words.ToList<object>();
            }
        }
    }

    /// <summary>Rewrites the file for published apps: each is a program in a folder named after its app id. Paths become relative to a folder.</summary>
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

    /// <summary>Starts the sidecar of an app but not the app.</summary>
    public void RunSidecarOnly(string appId) => AppList.First(app => Id(app) == appId).Remove("command");

    /// <summary>Starts several instances of an app.</summary>
    public void Repeat(string appId, int instances)
    {
        var app = AppList.First(app => Id(app) == appId);
        ((List<object>)_file["apps"]).AddRange(Enumerable.Range(1, instances - 1).Select(_ => new Dictionary<object, object>(app)));
    }

    /// <summary>Sets environment variables of every app.</summary>
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
    public void UsePostgres(int port)
    {
        foreach (var app in AppList.Where(app => Read(app).Database is not null))
        {
            app["env"] = new Dictionary<object, object>(Environment(app))
            {
                [Connection] = new NpgsqlConnectionStringBuilder(Read(app).Database!.ConnectionString) { Port = port }.ConnectionString,
            };
        }
    }

    /// <summary>Gives every instance its own free ports. With proxies, app and sidecar find each other at ports on which nothing listens yet.</summary>
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
                // The environment of the run file overrides what the sidecar passes to the app.
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
    public override string ToString() => new SerializerBuilder().WithQuotingNecessaryStrings().Build().Serialize(_file);

    /// <summary>Every value was read as text. The Dapr CLI requires numbers and booleans without quotes, but not in env, whose texts stay as they are.</summary>
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
            Port("appPort"), Port("daprHTTPPort"), Port("daprGRPCPort"), Database());

        int Port(string key) => int.TryParse($"{app.GetValueOrDefault(key)}", NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65_536
            ? port
            : throw Error($"{key} of app {appId} is '{app.GetValueOrDefault(key)}', and must be a port");

        NpgsqlConnectionStringBuilder? Database()
        {
            if (Environment(app).GetValueOrDefault(Connection) is not string text)
            {
                return null;
            }

            try
            {
                return new NpgsqlConnectionStringBuilder(text);
            }
            catch (ArgumentException e)
            {
                throw Error($"{Connection} of app {appId} is no connection string: {e.Message}");
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
