using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Cli.Up;

/// <summary>Starts the whole system, waits until it is stopped, and ends all its processes.</summary>
internal sealed class LocalRun(UpOptions options)
{
    private static readonly TimeSpan BrokerTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(120);

    private readonly string _root = Repository.Root;
    private readonly string _data = Directory.CreateDirectory(Path.Combine(Repository.Root, ".dapr-orders")).FullName;
    private readonly long _began = TimeProvider.System.GetTimestamp();

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        LocalEnvironment.Clean();
        Platform.Current.EndChildrenWithThisProcess();
        var runFile = RunFile.Read(Path.Combine(_root, "dapr.yaml"));
        var broker = Broker.Read(runFile.ComponentFile);
        using var runLock = RunLock.Take(_data);
        try
        {
            await Leftovers.StopAsync(_root, Output.Line);
            RequireFreePorts(runFile);
            await using var postgres = await StartPostgresAsync(runFile, cancellationToken);
            await BuildAsync(runFile, cancellationToken);
            var choice = await RuntimeChoice.MakeAsync(broker, BrokerTimeout, Output.Line, cancellationToken);
            if (choice.Kind is RuntimeKind.Emulator)
            {
                await DotnetBuild.RunAsync(Path.Combine(_root, "eng", "dapr-emulator", "src"), cancellationToken);
            }

            WriteSummary(postgres, choice, broker);
            RequireFreePorts(runFile); // again, because the build takes a while
            await using var dashboard = options.HasDashboard ? await StartDashboardAsync(runFile, choice, cancellationToken) : null;
            await using var runtime = CreateRuntime(choice, await WriteRunFileAsync(runFile, cancellationToken), dashboard);
            await runtime.StartAsync();
            await WaitUntilReadyAsync(runFile, runtime, cancellationToken);
            if (dashboard is not null)
            {
                Output.Line($"  Traces, metrics and logs: {dashboard.Address.AbsoluteUri}traces");
            }

            return await WaitForEndAsync(runtime, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Ok;
        }
    }

    private async Task<LocalPostgres> StartPostgresAsync(RunFile runFile, CancellationToken cancellationToken)
    {
        var port = runFile.Databases.Values.First().Service.Port;
        var superuser = LocalPostgres.Superuser(_root, port);
        var postgres = await LocalPostgres.StartAsync(_root, port, superuser.Password!, options.IsReset, Output.Line, cancellationToken);
        try
        {
            var databases = new ServiceDatabases(runFile.Databases, superuser);
            if (options.IsReset)
            {
                if (!postgres.IsOurs && !options.IsYes)
                {
                    throw new StackException(
                        $"PostgreSQL on 127.0.0.1:{port} was already running; ./run.sh --reset --yes drops its databases "
                        + string.Join(' ', runFile.Databases.Values.Select(database => database.Service.Database)));
                }

                await databases.DropAsync(cancellationToken);
                DeleteEvents();
            }

            await databases.PrepareAsync(await File.ReadAllTextAsync(Path.Combine(_root, "postgres", "init.sql"), cancellationToken), cancellationToken);
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>Requires that the ports are free, except those of services that the user starts: these may already run.</summary>
    private void RequireFreePorts(RunFile runFile) => FreePort.Require(
        Services(runFile).SelectMany(app => app.Ports).Concat(SidecarsOnly(runFile).SelectMany(app => app.SidecarPorts)));

    private IEnumerable<RunFileApp> Services(RunFile runFile) => runFile.Apps.Where(app => !options.SidecarsOnly.Contains(app.AppId));

    private IEnumerable<RunFileApp> SidecarsOnly(RunFile runFile) => runFile.Apps.Where(app => options.SidecarsOnly.Contains(app.AppId));

    private Task BuildAsync(RunFile runFile, CancellationToken cancellationToken) =>
        Services(runFile).Select(app => app.Folder).ToList() is { Count: > 0 } folders
        ? Output.StepAsync("Building", "Built", () => DotnetBuild.RunAsync(SolutionFilter.Write(_root, _data, folders), cancellationToken))
        : Task.CompletedTask;

    private void WriteSummary(LocalPostgres postgres, RuntimeChoice choice, Broker broker)
    {
        Output.Line($"Database  {postgres.Description}");
        if (choice.Kind is RuntimeKind.Dapr)
        {
            Output.Line($"Runtime   Dapr, {choice.Program}");
            Output.Line($"Broker    {broker}");
            if (options.IsReset)
            {
                Output.Line("          --reset keeps its events; delete them with: docker compose down -v");
            }
        }
        else
        {
            Output.Line($"Runtime   Dapr emulator, because {choice.Reason}");
            Output.Line($"Broker    {broker.Name}, emulated, data in .dapr-orders/broker");
        }
    }

    private async Task<string> WriteRunFileAsync(RunFile runFile, CancellationToken cancellationToken)
    {
        runFile.Run(appId => ["dotnet", Repository.Built(Repository.Projects[appId], $"{Repository.Projects[appId]}.dll")]);
        foreach (var app in SidecarsOnly(runFile))
        {
            runFile.RunSidecarOnly(app.AppId);
        }

        runFile.LogToConsole();
        var path = Path.Combine(_data, "dapr.yaml");
        await File.WriteAllTextAsync(path, runFile.ToString(), cancellationToken);
        return path;
    }

    private async Task<Dashboard> StartDashboardAsync(RunFile runFile, RuntimeChoice choice, CancellationToken cancellationToken)
    {
        FreePort.Require([Dashboard.UsualPort, Dashboard.UsualOtlpPort], "the dashboard");
        Dashboard dashboard = null!;
        await Output.WhileAsync(
            "Starting the dashboard",
            async () => dashboard = await Dashboard.StartAsync(Dashboard.UsualPort, Dashboard.UsualOtlpPort, _root, hasApi: false, cancellationToken));
        if (choice.Kind is RuntimeKind.Dapr)
        {
            runFile.CopyResources(Path.Combine(_data, "resources"), dashboard.TraceSidecars);
        }

        return dashboard;
    }

    private StackRuntime CreateRuntime(RuntimeChoice choice, string runFile, Dashboard? dashboard)
    {
        var environment = LocalTokens.In(_data).Environment.Concat(dashboard?.Environment ?? new Dictionary<string, string>()).ToDictionary();
        StackRuntime runtime = choice.Kind is RuntimeKind.Dapr
            ? new DaprRuntime(runFile, _root, choice.Program!) { Environment = environment }
            : new EmulatorRuntime(["dotnet", Repository.Emulator], runFile, Path.Combine(_data, "broker"), _root) { Environment = environment };
        runtime.OnLine = Console.Out.WriteLine;
        return runtime;
    }

    private async Task WaitUntilReadyAsync(RunFile runFile, StackRuntime runtime, CancellationToken cancellationToken)
    {
        var readiness = new Readiness([
            .. Services(runFile).Select(app => Probe.OfService(app.AppId, app.AppPort)),
            .. SidecarsOnly(runFile).Select(app => Probe.OfSidecar(app.AppId, app.HttpPort)),
        ]);
        if (!await readiness.WaitAsync(ReadyTimeout, () => runtime.HasEnded, Output.Line, cancellationToken))
        {
            return;
        }

        var gateway = $"http://localhost:{runFile.Apps[0].AppPort}";
        var ready = $"Ready after {TimeProvider.System.GetElapsedTime(_began).TotalSeconds:0} s";
        if (SidecarsOnly(runFile).ToList() is { Count: > 0 } left)
        {
            var names = string.Join(", ", left.Select(app => app.AppId));
            Output.Line($"{ready}. Start {names} from your IDE, or {(left.Count > 1 ? "one after the other " : "")}with:");
            foreach (var app in left)
            {
                Output.Line($"  dotnet run --project {Path.GetRelativePath(_root, app.Folder)} --launch-profile {app.AppId}");
            }

            return;
        }

        Output.Line($"{ready}: {gateway}");
        Output.Line($"  curl -i {gateway}/orders -H 'Content-Type: application/json' -d '{{\"item_id\":\"item-123\",\"quantity\":1}}'");
    }

    private static async Task<int> WaitForEndAsync(StackRuntime runtime, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (runtime.HasEnded)
                {
                    return runtime.ExitCode is 0 ? ExitCodes.Ok : throw new StackException($"the runtime ended with status {runtime.ExitCode}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            Output.Line("Stopping ...");
        }

        return ExitCodes.Ok;
    }

    private void DeleteEvents()
    {
        var broker = Path.Combine(_data, "broker");
        if (Directory.Exists(broker))
        {
            Directory.Delete(broker, recursive: true);
        }
    }
}
