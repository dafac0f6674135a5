using System.Globalization;
using YamlDotNet.Serialization;

namespace DaprOrders.Testing.Stack;

/// <summary>A copy of dapr.yaml that starts what was built, on free ports, and is otherwise unchanged.</summary>
internal sealed class RunFile
{
    private readonly Dictionary<object, object> _file;

    private RunFile(Dictionary<object, object> file) => _file = file;

    private List<object> AppList => (List<object>)_file["apps"];

    private IEnumerable<Dictionary<object, object>> Apps => AppList.Cast<Dictionary<object, object>>();

    private Dictionary<object, object> Common => (Dictionary<object, object>)_file["common"];

    /// <param name="folder">The folder of dapr.yaml.</param>
    public static RunFile Read(string folder)
    {
        var text = File.ReadAllText(Path.Combine(folder, "dapr.yaml"));
        var file = new RunFile(new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(text));
        file.MakePathsAbsolute(folder);
        return file;
    }

    /// <summary>Finds the connection string of the app whose database this is.</summary>
    public string ConnectionString(string database) =>
        Apps.Select(app => Environment(app).GetValueOrDefault("ConnectionStrings__Database") as string)
            .First(connection => connection?.Contains($"Database={database};", StringComparison.Ordinal) == true)!;

    public void UseBroker(string broker) =>
        Common["resourcesPaths"] = ((List<object>)Common["resourcesPaths"])
            .Select(path => Path.GetFileName((string)path) == "common" ? path : Path.Combine(Path.GetDirectoryName((string)path)!, broker))
            .ToList();

    /// <summary>Logs to the console only, not to files beside the apps.</summary>
    public void LogToConsole()
    {
        Common["appLogDestination"] = "console";
        Common["daprdLogDestination"] = "console";
    }

    public void Run(Func<string, IReadOnlyList<string>> command)
    {
        foreach (var app in Apps)
        {
            app["command"] = command((string)app["appID"]).ToList<object>();
        }
    }

    /// <summary>Runs several instances of an app.</summary>
    public void Repeat(string appId, int instances)
    {
        for (var i = 1; i < instances; i++)
        {
            AppList.Add(new Dictionary<object, object>(Apps.First(app => (string)app["appID"] == appId)));
        }
    }

    public void SetEnvironment(IReadOnlyDictionary<string, string> variables)
    {
        foreach (var (app, variable) in Apps.SelectMany(app => variables.Select(variable => (app, variable))))
        {
            var environment = Environment(app);
            environment[variable.Key] = variable.Value;
            app["env"] = environment;
        }
    }

    public void UsePostgres(int port)
    {
        foreach (var app in Apps.Where(app => app.ContainsKey("env")))
        {
            app["env"] = Environment(app).ToDictionary(
                variable => variable.Key,
                variable => (object)$"{variable.Value}".Replace("Port=5433;", $"Port={port};", StringComparison.Ordinal));
        }
    }

    /// <summary>Gives every instance its own ports. An app uses the environment of the run file, which overrides what the runtime sets.</summary>
    public List<AppInstance> UseFreePorts(bool isProxied)
    {
        var instances = new List<AppInstance>();
        foreach (var app in Apps)
        {
            var appId = (string)app["appID"];
            int port = FreePort.Take(), sidecar = FreePort.Take();
            var instance = new AppInstance(
                appId, instances.Count(other => other.AppId == appId) + 1, port, isProxied ? FreePort.Take() : port, sidecar,
                isProxied ? FreePort.Take() : sidecar, FreePort.Take());
            instances.Add(instance);
            app["appPort"] = instance.PortForSidecar;
            app["daprHTTPPort"] = instance.SidecarPort;
            app["daprGRPCPort"] = instance.GrpcPort;
            if (isProxied)
            {
                var environment = Environment(app);
                environment["APP_PORT"] = $"{instance.Port}";
                environment["DAPR_HTTP_PORT"] = $"{instance.SidecarPortForApp}";
                app["env"] = environment;
            }
        }

        return instances;
    }

    public override string ToString() => new SerializerBuilder().WithQuotingNecessaryStrings().Build().Serialize(_file);

    private static Dictionary<object, object> Environment(Dictionary<object, object> app) =>
        app.TryGetValue("env", out var environment) ? new((Dictionary<object, object>)environment) : [];

    private void MakePathsAbsolute(string folder)
    {
        Common["configFilePath"] = Absolute(Common["configFilePath"]);
        Common["resourcesPaths"] = ((List<object>)Common["resourcesPaths"]).Select(Absolute).ToList();
        foreach (var app in Apps)
        {
            app["appDirPath"] = Absolute(app["appDirPath"]);
        }

        object Absolute(object path) => Path.GetFullPath(Path.Combine(folder, Convert.ToString(path, CultureInfo.InvariantCulture)!));
    }
}
