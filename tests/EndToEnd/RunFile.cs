using System.Globalization;
using DaprOrders.TestSupport;
using YamlDotNet.Serialization;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>A copy of dapr.yaml that starts what was built, on free ports. All else stays as it is.</summary>
internal sealed class RunFile
{
    private readonly Dictionary<object, object> _file;

    private RunFile(Dictionary<object, object> file) => _file = file;

    public IEnumerable<int> AllAppPorts => Apps.Select(AppPort);

    private List<object> AppList => (List<object>)_file["apps"];

    private IEnumerable<Dictionary<object, object>> Apps => AppList.Cast<Dictionary<object, object>>();

    public static RunFile Read()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "dapr.yaml"));
        var file = new RunFile(new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(text));
        file.MakePathsAbsolute();
        return file;
    }

    public IEnumerable<int> AppPorts(string appId) => Apps.Where(app => (string)app["appID"] == appId).Select(AppPort);

    public void RunWhatWasBuilt()
    {
        foreach (var app in Apps)
        {
            var project = Path.GetFileNameWithoutExtension(Directory.GetFiles((string)app["appDirPath"], "*.csproj").Single());
            app["command"] = new List<object> { "dotnet", Repository.Built(project, $"{project}.dll") };
        }
    }

    /// <summary>Adds a second instance of an app.</summary>
    public void Duplicate(string appId) =>
        AppList.Add(new Dictionary<object, object>(Apps.First(app => (string)app["appID"] == appId)));

    public void UseFreePorts(int postgres)
    {
        foreach (var app in Apps)
        {
            foreach (var key in (string[])["appPort", "daprHTTPPort", "daprGRPCPort"])
            {
                app[key] = FreePort.Take();
            }

            if (app.TryGetValue("env", out var env))
            {
                app["env"] = ((Dictionary<object, object>)env).ToDictionary(
                    variable => variable.Key,
                    variable => (object)$"{variable.Value}".Replace("Port=5433", $"Port={postgres}", StringComparison.Ordinal));
            }
        }
    }

    public override string ToString() => new SerializerBuilder().WithQuotingNecessaryStrings().Build().Serialize(_file);

    private static int AppPort(Dictionary<object, object> app) => Convert.ToInt32(app["appPort"], CultureInfo.InvariantCulture);

    private void MakePathsAbsolute()
    {
        var common = (Dictionary<object, object>)_file["common"];
        common["configFilePath"] = Absolute(common["configFilePath"]);
        common["resourcesPaths"] = ((List<object>)common["resourcesPaths"]).Select(Absolute).ToList();
        foreach (var app in Apps)
        {
            app["appDirPath"] = Absolute(app["appDirPath"]);
        }

        static object Absolute(object path) => Path.GetFullPath(Path.Combine(Repository.Root, (string)path));
    }
}
