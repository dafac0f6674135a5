using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Tests;

public sealed class RunFileReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("run-file-").FullName;

    public RunFileReaderTests()
    {
        foreach (var folder in (string[])["a", "b", "common", "broker", "a/own"])
        {
            Directory.CreateDirectory(Path.Combine(_folder, folder));
        }

        File.WriteAllText(Path.Combine(_folder, "common", "config.yaml"), "");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void App_inherits_common_and_overrides_it()
    {
        var apps = Read("""
            version: 1
            common:
              resourcesPaths: [./common, ./broker]
              configFilePath: ./common/config.yaml
              env: {SHARED: "1", BOTH: common}
            apps:
            - appID: first
              appDirPath: ./a
              appPort: 8000
              daprHTTPPort: 3500
              daprGRPCPort: 50001
              resourcesPaths: [./own]
              command: [dotnet, run, "--x=a b"]
              env: {BOTH: app}
            - appDirPath: ./b
            """);

        Assert.Equal(["first", "b"], apps.Select(app => app.AppId));
        Assert.Equal((8000, 3500, 50001), (apps[0].AppPort, apps[0].HttpPort, apps[0].GrpcPort));
        Assert.Equal([InFolder("a/own")], apps[0].ResourcesPaths);
        Assert.Equal([InFolder("common"), InFolder("broker")], apps[1].ResourcesPaths);
        Assert.Equal(InFolder("common/config.yaml"), apps[0].ConfigFile);
        Assert.Equal(("1", "app"), (apps[0].Environment["SHARED"], apps[0].Environment["BOTH"]));
        Assert.Equal(["dotnet", "run", "--x=a b"], apps[0].Command);
        Assert.Null(apps[1].AppPort);
        Assert.Equal(4, new HashSet<int> { apps[1].HttpPort, apps[1].GrpcPort, apps[1].MetricsPort, apps[1].InternalPort }.Count);
    }

    [Fact]
    public void Port_in_the_file_is_not_chosen_for_another_app()
    {
        const int Named = 4000; // FreePorts chooses from 5,000 ports
        var named = Enumerable.Range(10_000, Named).Chunk(4).Select(ports =>
            $"- {{appID: a, appDirPath: ./a, daprHTTPPort: {ports[0]}, daprGRPCPort: {ports[1]}, metricsPort: {ports[2]}, daprInternalGRPCPort: {ports[3]}}}\n");

        var chosen = Read($"version: 1\napps:\n- {{appID: b, appDirPath: ./b}}\n{string.Concat(named)}")[0];

        Assert.All(
            [chosen.HttpPort, chosen.GrpcPort, chosen.MetricsPort, chosen.InternalPort],
            port => Assert.True(port is < 10_000 or >= 10_000 + Named, $"{port} belongs to another app"));
    }

    [Fact]
    public void Same_app_id_twice_creates_two_instances()
    {
        var apps = Read("""
            version: 1
            apps:
            - {appID: x, appDirPath: ./a}
            - {appID: x, appDirPath: ./b}
            """);

        Assert.Equal(["x", "x/2"], apps.Select(app => app.Name));
    }

    [Theory]
    [InlineData("apps: [{appDirPath: ./a}]", ":1: required field 'version' not found in the provided run template file")]
    [InlineData("version: 1\napps:\n- appID: x\n", ":3: required field 'appDirPath' not found in the provided run template file")]
    [InlineData("version: 1\napps:\n- appID: x\n  appDirPath: ./missing\n", ":4)")]
    [InlineData("version: 1\napps:\n- appDirPath: ./a\n  unixDomainSocket: /tmp\n", ":4: unixDomainSocket: /tmp is not emulated")]
    [InlineData("version: 1\ncommon:\n  apiListenAddresses: 0.0.0.0\napps:\n- appDirPath: ./a\n", ":3: apiListenAddresses: 0.0.0.0 is not emulated")]
    [InlineData("version: 1\napps:\n- appID: x\n  appDirPath: ./a\n  appPort: no\n", ":5: appPort: 'no' is not a port")]
    [InlineData("version: 1\napps:\n- appDirPath: ./a\n  appProtocol: grpc\n", ":4: appProtocol: grpc is not emulated")]
    [InlineData("version: 1\napps:\n- appDirPath: ./a\n  enableAppHealthCheck: true\n", ":4: enableAppHealthCheck: true is not emulated")]
    [InlineData("version: 1\ncommon:\n  appHealthCheckPath: /well\napps:\n- appDirPath: ./a\n", ":3: appHealthCheckPath: /well is not emulated")]
    [InlineData("version: 1\napps:\n- appDirPath: ./a\n  appMaxConcurrency: 3\n", ":4: appMaxConcurrency: 3 is not emulated")]
    [InlineData("version: 1\n  apps: [\n", ":2: ")]
    public void Errors_name_file_and_line(string text, string message)
    {
        var failure = Assert.Throws<RunFileException>(() => Read(text));

        Assert.Contains("dapr.yaml" + message, failure.Message);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public void Run_file_of_this_repository_has_no_warnings()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "DaprOrders.sln")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        foreach (var app in RunFileReader.Read(root))
        {
            var resources = Resources.ResourceLoader.Load(app.AppId, app.ResourcesPaths, app.ConfigFile);
            Assert.Empty(resources.Warnings);
            Assert.NotEmpty(resources.Components);
        }
    }

    private IReadOnlyList<AppSpec> Read(string text)
    {
        var file = Path.Combine(_folder, "dapr.yaml");
        File.WriteAllText(file, text);
        return RunFileReader.Read(file);
    }

    private string InFolder(string path) => Path.Combine(_folder, path);
}
