using System.Text.Json.Nodes;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Deployment.Rules;

/// <summary>Rules for IDE configurations. They must start services in the same environment as Dapr with dapr.yaml, which other rules check.</summary>
internal static class LaunchRules
{
    private const string OrderProfile = "services/order/Properties/launchSettings.json";
    private const string Launch = ".vscode/launch.json";
    private const string Tasks = ".vscode/tasks.json";
    private const string VisualStudio = "DaprOrders.slnLaunch";
    private const string Readme = "README.md";

    [FailsOn(OrderProfile, "\"APP_PORT\": \"8001\"", "\"APP_PORT\": \"8000\"", "order.APP_PORT must be 8001, not 8000")]
    [FailsOn(OrderProfile, "\"APP_ID\": \"order\"", "\"APP_ID\": \"orders\"", "order.APP_ID must be order, not orders")]
    [FailsOn(OrderProfile, "\"DAPR_HTTP_PORT\": \"3501\"", "\"DAPR_HTTP_PORT\": \"3500\"", "order.DAPR_HTTP_PORT must be 3501, not 3500")]
    [FailsOn(OrderProfile, "\"DAPR_GRPC_PORT\": \"50002\"", "\"DAPR_GRPC_PORT\": \"50001\"", "order.DAPR_GRPC_PORT must be 50002, not 50001")]
    [FailsOn(OrderProfile, "\"Development\"", "\"Production\"", "order.ASPNETCORE_ENVIRONMENT must be Development, not Production")]
    [FailsOn(
        OrderProfile, "\"DAPR_HTTP_PORT\"", "\"DAPR_HTTP_ENDPOINT\": \"\", \"DAPR_HTTP_PORT\"",
        "order.DAPR_HTTP_ENDPOINT must be missing, not empty")]
    [FailsOn(
        OrderProfile, "Port=5433;", "Port=5432;",
        "order.ConnectionStrings__Database must be Host=127.0.0.1;Port=5433;Database=orders_db;Username=orders;Password=…, "
        + "not Host=127.0.0.1;Port=5432;Database=orders_db;Username=orders;Password=…")]
    [FailsOn(
        OrderProfile, "Username=orders_owner", "Username=postgres",
        "order.ConnectionStrings__Migrations must be Host=127.0.0.1;Port=5433;Database=orders_db;Username=orders_owner;Password=…, "
        + "not Host=127.0.0.1;Port=5433;Database=orders_db;Username=postgres;Password=…")]
    [FailsOn(OrderProfile, "\"Project\"", "\"Executable\"", "order.commandName must be Project, not Executable")]
    public static IEnumerable<string> Launch_profile_has_the_environment_that_Dapr_sets(DeploymentFiles files)
    {
        foreach (var app in Design.Apps)
        {
            var path = $"services/{app.Id}/Properties/launchSettings.json";
            var profile = Json(files, path)["profiles"]?[app.Id];
            var actual = (profile?["environmentVariables"] as JsonObject ?? []).ToDictionary(variable => variable.Key, variable => $"{variable.Value}");
            var expected = EnvironmentOf(files, app);
            foreach (var name in expected.Keys.Union(actual.Keys))
            {
                foreach (var finding in Differing(path, $"{app.Id}.{name}", actual.GetValueOrDefault(name), expected.GetValueOrDefault(name)))
                {
                    yield return finding;
                }
            }

            foreach (var finding in Differing(path, $"{app.Id}.commandName", $"{profile?["commandName"]}", "Project"))
            {
                yield return finding;
            }
        }
    }

    [FailsOn(
        Launch, "/debug/DaprOrders.OrderService.dll", "/debug/DaprOrders.Order.dll",
        "order.program must be ${workspaceFolder}/artifacts/bin/DaprOrders.OrderService/debug/DaprOrders.OrderService.dll, "
        + "not ${workspaceFolder}/artifacts/bin/DaprOrders.OrderService/debug/DaprOrders.Order.dll")]
    [FailsOn(
        Launch, "/services/order\"", "/services/gateway\"",
        "order.cwd must be ${workspaceFolder}/services/order, not ${workspaceFolder}/services/gateway")]
    [FailsOn(
        Launch, "\"launchSettingsProfile\": \"order\"", "\"launchSettingsProfile\": \"http\"",
        "order.launchSettingsProfile must be order, not http")]
    [FailsOn(
        Launch, "/services/order/Properties/launchSettings.json", "/services/order/launchSettings.json",
        "order.launchSettingsFilePath must be ${workspaceFolder}/services/order/Properties/launchSettings.json, "
        + "not ${workspaceFolder}/services/order/launchSettings.json")]
    [FailsOn(Launch, "\"build order\"", "\"build inventory\"", "order.preLaunchTask must be build order, not build inventory")]
    [FailsOn(
        Launch, "\"name\": \"order\"", "\"name\": \"orders\"",
        "order.program must be ${workspaceFolder}/artifacts/bin/DaprOrders.OrderService/debug/DaprOrders.OrderService.dll, not missing")]
    public static IEnumerable<string> VS_Code_starts_each_service_with_its_launch_profile(DeploymentFiles files)
    {
        foreach (var app in Design.Apps)
        {
            var project = Repository.Projects[app.Id];
            var configuration = Json(files, Launch)["configurations"]!.AsArray().FirstOrDefault(node => $"{node!["name"]}" == app.Id);
            var expected = new Dictionary<string, string>
            {
                ["program"] = $"${{workspaceFolder}}/artifacts/bin/{project}/debug/{project}.dll",
                ["cwd"] = $"${{workspaceFolder}}/services/{app.Id}",
                ["launchSettingsFilePath"] = $"${{workspaceFolder}}/services/{app.Id}/Properties/launchSettings.json",
                ["launchSettingsProfile"] = app.Id,
                ["preLaunchTask"] = $"build {app.Id}",
            };
            foreach (var (key, value) in configuration is null ? expected.Take(1) : expected)
            {
                foreach (var finding in Differing(Launch, $"{app.Id}.{key}", configuration?[key]?.ToString(), value))
                {
                    yield return finding;
                }
            }
        }
    }

    [FailsOn(
        Launch, "\"configurations\": [\"gateway\", \"order\",", "\"configurations\": [\"gateway\",",
        "'all services' must start gateway, order, inventory, notification, not gateway, inventory, notification")]
    public static IEnumerable<string> VS_Code_compound_starts_all_services(DeploymentFiles files) =>
        from compound in Json(files, Launch)["compounds"]!.AsArray()
        let started = string.Join(", ", Names(compound, "configurations"))
        where started != AllServices
        select $"{Launch}: '{compound["name"]}' must start {AllServices}, not {started}";

    [FailsOn(
        Launch, "\"preLaunchTask\": \"build all\"", "\"preLaunchTask\": \"build everything\"",
        "'all services' names the task 'build everything', which is missing")]
    [FailsOn(
        Tasks, "[\"build all\", \"sidecars\"]", "[\"build all\", \"sidecar\"]",
        "'build all and start sidecars' names the task 'sidecar', which is missing")]
    public static IEnumerable<string> Every_task_that_VS_Code_runs_exists(DeploymentFiles files)
    {
        var tasks = Json(files, Tasks)["tasks"]!.AsArray();
        var labels = tasks.Select(task => $"{task!["label"]}").ToHashSet();
        var launch = Json(files, Launch);
        return launch["configurations"]!.AsArray().Concat(launch["compounds"]!.AsArray())
            .Select(node => (Path: Launch, Name: node!["name"], Task: $"{node["preLaunchTask"]}"))
            .Concat(tasks.SelectMany(task => Names(task, "dependsOn").Select(name => (Path: Tasks, Name: task!["label"], Task: name))))
            .Where(used => !labels.Contains(used.Task))
            .Select(used => $"{used.Path}: '{used.Name}' names the task '{used.Task}', which is missing");
    }

    // Parallel builds of the services fail, because they share libraries.
    [FailsOn(
        Tasks, "\"dependsOn\": [\"build gateway\", \"build order\",", "\"dependsOn\": [\"build gateway\",",
        "'build all' must build gateway, order, inventory, notification in sequence")]
    [FailsOn(
        Tasks, "\"dependsOrder\": \"sequence\"", "\"dependsOrder\": \"parallel\"",
        "'build all' must build gateway, order, inventory, notification in sequence")]
    [FailsOn(Tasks, "/services/order\"", "/services/orders\"", "'build order' must run dotnet build ${workspaceFolder}/services/order")]
    public static IEnumerable<string> VS_Code_builds_the_services_in_sequence(DeploymentFiles files)
    {
        var tasks = Json(files, Tasks)["tasks"]!.AsArray().ToDictionary(task => $"{task!["label"]}", task => task!);
        foreach (var app in Design.Apps)
        {
            var command = $"dotnet build ${{workspaceFolder}}/services/{app.Id}";
            if ($"{tasks[$"build {app.Id}"]["command"]} {string.Join(' ', Names(tasks[$"build {app.Id}"], "args"))}" != command)
            {
                yield return $"{Tasks}: 'build {app.Id}' must run {command}";
            }
        }

        var all = tasks["build all"];
        if (!Names(all, "dependsOn").SequenceEqual(Design.Apps.Select(app => $"build {app.Id}")) || $"{all["dependsOrder"]}" != "sequence")
        {
            yield return $"{Tasks}: 'build all' must build {AllServices} in sequence";
        }
    }

    [FailsOn(Tasks, "\"./run.sh\"", "\"./start.sh\"", "'sidecars' must run ./run.sh --sidecars-only")]
    [FailsOn(Tasks, "[\"--sidecars-only\"]", "[]", "'sidecars' must run ./run.sh --sidecars-only")]
    [FailsOn(Tasks, ".\\\\run.cmd", "./run.sh", "'sidecars' must run .\\run.cmd --sidecars-only on Windows")]
    public static IEnumerable<string> Sidecars_task_starts_only_the_sidecars(DeploymentFiles files)
    {
        var task = Json(files, Tasks)["tasks"]!.AsArray().Single(task => $"{task!["label"]}" == "sidecars")!;
        if ($"{task["command"]} {string.Join(' ', Names(task, "args"))}" != "./run.sh --sidecars-only")
        {
            yield return $"{Tasks}: 'sidecars' must run ./run.sh --sidecars-only";
        }

        if ($"{task["windows"]?["command"]}" != ".\\run.cmd")
        {
            yield return $"{Tasks}: 'sidecars' must run .\\run.cmd --sidecars-only on Windows";
        }
    }

    [FailsOn(
        VisualStudio, "\"DebugTarget\": \"order\"", "\"DebugTarget\": \"http\"",
        "services\\order\\DaprOrders.OrderService.csproj must be started with its profile order, not http")]
    [FailsOn(
        VisualStudio, "DaprOrders.OrderService.csproj", "DaprOrders.Order.csproj",
        "services\\order\\DaprOrders.OrderService.csproj must be started with its profile order, not missing")]
    public static IEnumerable<string> Visual_Studio_starts_all_services_with_their_launch_profiles(DeploymentFiles files)
    {
        var projects = Json(files, VisualStudio)[0]!["Projects"]!.AsArray().Where(project => $"{project!["Action"]}" == "Start")
            .ToDictionary(project => $"{project!["Path"]}", project => $"{project!["DebugTarget"]}");
        return from app in Design.Apps
               let path = $"services\\{app.Id}\\{Repository.Projects[app.Id]}.csproj"
               let profile = projects.GetValueOrDefault(path, "missing")
               where profile != app.Id
               select $"{VisualStudio}: {path} must be started with its profile {app.Id}, not {profile}";
    }

    [FailsOn(Readme, "*all services with sidecars*", "*all with sidecars*", "'all services with sidecars' of .vscode/launch.json is missing")]
    [FailsOn(Readme, "*All services*", "*Everything*", "'All services' of DaprOrders.slnLaunch is missing")]
    public static IEnumerable<string> README_names_the_IDE_configurations(DeploymentFiles files) =>
        Json(files, Launch)["compounds"]!.AsArray().Select(compound => (Path: Launch, Name: $"{compound!["name"]}"))
            .Concat(Json(files, VisualStudio).AsArray().Select(profile => (Path: VisualStudio, Name: $"{profile!["Name"]}")))
            .Where(started => !files[Readme].Contains($"*{started.Name}*", StringComparison.Ordinal))
            .Select(started => $"{Readme}: '{started.Name}' of {started.Path} is missing");

    private static string AllServices => string.Join(", ", Design.Apps.Select(app => app.Id));

    private static Dictionary<string, string> EnvironmentOf(DeploymentFiles files, Design.App app)
    {
        var common = files.Document("dapr.yaml").At("common", "env");
        var environment = common.Keys().ToDictionary(name => name, name => common.Text(name) ?? "");
        environment["APP_ID"] = app.Id;
        environment["APP_PORT"] = $"{app.Port}";
        environment["DAPR_HTTP_PORT"] = $"{app.SidecarHttp}";
        environment["DAPR_GRPC_PORT"] = $"{app.SidecarGrpc}";
        foreach (var (name, connectionString) in app.Connections)
        {
            environment[name] = connectionString;
        }

        return environment;
    }

    private static JsonNode Json(DeploymentFiles files, string path) => JsonNode.Parse(files[path])!;

    private static IEnumerable<string> Names(JsonNode? node, string key) => node?[key]?.AsArray().Select(name => $"{name}") ?? [];

    private static IEnumerable<string> Differing(string path, string key, string? actual, string? expected) =>
        actual == expected ? [] : [$"{path}: {key} must be {Describe(expected)}, not {Describe(actual)}"];

    private static string Describe(string? value) => value switch { null => "missing", "" => "empty", _ => Design.HidePassword(value) };
}
