using YamlDotNet.RepresentationModel;

namespace DaprOrders.Eng.Tests.Deployment.Rules;

/// <summary>Rules for dapr.yaml. The Dapr CLI ignores unknown keys without a message.</summary>
internal static class RunFileRules
{
    private const string RunFile = "dapr.yaml";
    private const string Sample = "samples/notification-node/dapr.yaml";

    private static readonly string[] ConnectionStrings = ["ConnectionStrings__Database", "ConnectionStrings__Migrations"];

    private static readonly string[] KnownOnTop = ["version", "name", "common", "apps"];

    private static readonly string[] KnownInCommon =
    [
        "appProtocol", "apiListenAddresses", "resourcesPaths", "resourcesPath", "configFilePath", "logLevel", "appMaxConcurrency",
        "placementHostAddress", "schedulerHostAddress", "maxBodySize", "readBufferSize", "enableAppHealthCheck", "appHealthCheckPath",
        "appHealthProbeInterval", "appHealthProbeTimeout", "appHealthThreshold", "enableApiLogging", "enableProfiling", "appSSL",
        "runtimePath", "env", "daprdLogDestination", "appLogDestination",
    ];

    private static readonly string[] KnownInApps =
    [
        .. KnownInCommon, "appID", "appDirPath", "appPort", "appChannelAddress", "daprHTTPPort", "daprGRPCPort", "metricsPort",
        "daprInternalGRPCPort", "profilePort", "unixDomainSocket", "command", "containerImage", "containerImagePullPolicy", "createService",
    ];

    [FailsOn(RunFile, "common:", "apiVersion: 1\ncommon:", "apiVersion is unknown to the CLI")]
    [FailsOn(RunFile, "  apiListenAddresses:", "  daprHTTPPort: 1\n  apiListenAddresses:", "common.daprHTTPPort is unknown to the CLI")]
    [FailsOn(RunFile, "  appPort: 8000", "  appPort: 8000\n  metricPort: 9090", "gateway.metricPort is unknown to the CLI")]
    public static IEnumerable<string> Keys_are_known_to_the_CLI(DeploymentFiles files)
    {
        var file = files.Document(RunFile);
        var unknown = file.Keys().Except(KnownOnTop)
            .Concat(file.At("common").Keys().Except(KnownInCommon).Select(key => $"common.{key}"))
            .Concat(Apps(files).SelectMany(app => app.Keys().Except(KnownInApps).Select(key => $"{app.Text("appID")}.{key}")));
        return unknown.Select(key => $"{RunFile}: {key} is unknown to the CLI");
    }

    [FailsOn(RunFile, "version: 1\n", "", "version must be 1, not missing")]
    [FailsOn(RunFile, "schedulerHostAddress: \" \"", "schedulerHostAddress: \"\"", "common.schedulerHostAddress must be ' ', not ''")]
    [FailsOn(RunFile, "schedulerHostAddress: \" \"", "schedulerHostAddress: \"  \"", "common.schedulerHostAddress must be ' ', not '  '")]
    [FailsOn(RunFile, "  placementHostAddress: \"\"\n", "", "common.placementHostAddress must be '', not missing")]
    [FailsOn(
        RunFile, "apiListenAddresses: 127.0.0.1", "apiListenAddresses: 0.0.0.0",
        "common.apiListenAddresses must be 127.0.0.1, not 0.0.0.0")]
    public static IEnumerable<string> Sidecars_listen_on_127_0_0_1_without_placement_and_scheduler(DeploymentFiles files) =>
        Expect(files, "version", "1")
            .Concat(Expect(files, "common.apiListenAddresses", "127.0.0.1"))
            .Concat(Expect(files, "common.placementHostAddress", ""))
            .Concat(Expect(files, "common.schedulerHostAddress", " "));

    [FailsOn(RunFile, "./components/kafka]", "./components/nats]", "common.resourcesPaths names ./components/nats, which is not a folder")]
    [FailsOn(
        RunFile, "./components/common, ./components/kafka", "./components/kafka, ./components/common",
        "common.resourcesPaths must be ./components/common, then the folder of one broker")]
    [FailsOn(
        RunFile, "configFilePath: ./components/common/config.yaml", "configFilePath: ./config.yaml",
        "common.configFilePath names ./config.yaml, which is not a file")]
    public static IEnumerable<string> Resource_folders_are_common_and_then_the_broker(DeploymentFiles files)
    {
        var common = files.Document(RunFile).At("common");
        var folders = common.At("resourcesPaths").Texts();
        if (folders is not ["./components/common", not "./components/common"])
        {
            yield return $"{RunFile}: common.resourcesPaths must be ./components/common, then the folder of one broker";
        }

        foreach (var folder in folders.Where(folder => !files.Under($"{folder[2..]}/").Any()))
        {
            yield return $"{RunFile}: common.resourcesPaths names {folder}, which is not a folder";
        }

        var configuration = common.Text("configFilePath") ?? "nothing";
        if (!configuration.StartsWith("./", StringComparison.Ordinal) || !files.Has(configuration[2..]))
        {
            yield return $"{RunFile}: common.configFilePath names {configuration}, which is not a file";
        }
    }

    [FailsOn(RunFile, "appPort: 8002", "appPort: 8012", "inventory.appPort must be 8002, not 8012")]
    [FailsOn(RunFile, "daprGRPCPort: 50004", "daprGRPCPort: 50005", "notification.daprGRPCPort must be 50004, not 50005")]
    [FailsOn(
        RunFile, "appDirPath: ./services/order", "appDirPath: ./services/orders",
        "order.appDirPath must be ./services/order, not ./services/orders")]
    [FailsOn(
        RunFile, "- appID: inventory\n", "- appID: stock\n",
        "apps must be gateway, order, inventory, notification, not gateway, order, stock, notification")]
    public static IEnumerable<string> Apps_and_their_ports_are_those_of_the_design(DeploymentFiles files)
    {
        var actual = string.Join(", ", Apps(files).Select(app => app.Text("appID")));
        var expected = string.Join(", ", Design.Apps.Select(app => app.Id));
        return actual != expected
            ? [$"{RunFile}: apps must be {expected}, not {actual}"]
            : Design.Apps.SelectMany(app => ExpectOfApp(files, app.Id, "appPort", $"{app.Port}")
                .Concat(ExpectOfApp(files, app.Id, "daprHTTPPort", $"{app.SidecarHttp}"))
                .Concat(ExpectOfApp(files, app.Id, "daprGRPCPort", $"{app.SidecarGrpc}"))
                .Concat(ExpectOfApp(files, app.Id, "appDirPath", $"./services/{app.Id}")));
    }

    [FailsOn(
        RunFile, "Port=5433;Database=inventory_db", "Port=5432;Database=inventory_db",
        "inventory.env.ConnectionStrings__Database must be Host=127.0.0.1;Port=5433;Database=inventory_db;Username=inventory;Password=…, "
        + "not Host=127.0.0.1;Port=5432;Database=inventory_db;Username=inventory;Password=…")]
    [FailsOn(
        RunFile, "Username=orders_owner", "Username=orders",
        "order.env.ConnectionStrings__Migrations must be Host=127.0.0.1;Port=5433;Database=orders_db;Username=orders_owner;Password=…, "
        + "not Host=127.0.0.1;Port=5433;Database=orders_db;Username=orders;Password=…")]
    public static IEnumerable<string> Databases_are_those_of_the_design(DeploymentFiles files) =>
        from node in Apps(files)
        from app in Design.Apps
        where node.Text("appID") == app.Id
        from name in ConnectionStrings
        from finding in Differing($"{app.Id}.env.{name}", node.Text("env", name), app.Connections.GetValueOrDefault(name))
        select finding;

    [FailsOn(
        RunFile, "[dotnet, run, --no-launch-profile, ", "[dotnet, run, ",
        "gateway.command needs --no-launch-profile, because a profile overrides the variables that Dapr sets")]
    [FailsOn(
        Sample, "[dotnet, run, --no-launch-profile, ", "[dotnet, run, ",
        "gateway.command needs --no-launch-profile, because a profile overrides the variables that Dapr sets")]
    public static IEnumerable<string> Launch_profiles_do_not_override_variables_of_Dapr(DeploymentFiles files) =>
        from path in (string[])[RunFile, Sample]
        from app in files.Document(path).At("apps").Items()
        where app.At("command").Texts() is ["dotnet", "run", ..] command && !command.Contains("--no-launch-profile")
        select $"{path}: {app.Text("appID")}.command needs --no-launch-profile, because a profile overrides the variables that Dapr sets";

    [FailsOn(RunFile, "../../artifacts/order]", "../../artifacts/gateway]", "gateway and order share ../../artifacts/gateway")]
    [FailsOn(
        RunFile, "[dotnet, run, --no-launch-profile, --artifacts-path, ../../artifacts/order]", "[dotnet, run, --no-launch-profile]",
        "order.command needs --artifacts-path, because other apps use the default build folder")]
    public static IEnumerable<string> Apps_do_not_share_a_build_folder(DeploymentFiles files)
    {
        var folders = Apps(files).Select(app => (Id: app.Text("appID"), Folder: BuildFolder(app))).ToList();
        foreach (var (id, _) in folders.Where(app => app.Folder is null))
        {
            yield return $"{RunFile}: {id}.command needs --artifacts-path, because other apps use the default build folder";
        }

        foreach (var shared in folders.Where(app => app.Folder is not null).GroupBy(app => app.Folder).Where(group => group.Count() > 1))
        {
            yield return $"{RunFile}: {string.Join(" and ", shared.Select(app => app.Id))} share {shared.Key}";
        }
    }

    private static IEnumerable<YamlNode> Apps(DeploymentFiles files) => files.Document(RunFile).At("apps").Items();

    private static string? BuildFolder(YamlNode app) =>
        app.At("command").Texts().SkipWhile(argument => argument != "--artifacts-path").Skip(1).FirstOrDefault();

    private static IEnumerable<string> Expect(DeploymentFiles files, string key, string expected) =>
        Differing(key, files.Document(RunFile).Text(key.Split('.')), expected);

    private static IEnumerable<string> ExpectOfApp(DeploymentFiles files, string app, string key, string expected) =>
        Differing($"{app}.{key}", Apps(files).Single(node => node.Text("appID") == app).Text(key), expected);

    private static IEnumerable<string> Differing(string key, string? actual, string? expected) =>
        actual == expected ? [] : [$"{RunFile}: {key} must be {Quoted(expected)}, not {Quoted(actual)}"];

    private static string Quoted(string? value) => value is null ? "missing" : string.IsNullOrWhiteSpace(value) ? $"'{value}'" : Design.HidePassword(value);
}
