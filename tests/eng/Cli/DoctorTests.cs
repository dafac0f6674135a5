using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DaprOrders.Eng.Tests.Scripts;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Cli;

/// <summary>Runs the command <c>doctor</c> on a machine where something is missing.</summary>
[Trait("Form", "scripts")]
public sealed class DoctorTests
{
    private const string Install = "curl -fsSL https://raw.githubusercontent.com/dapr/cli/master/install/install.sh | bash && dapr init --slim";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task All_checks_pass_on_a_complete_machine()
    {
        await using var machine = await Doctor.MachineAsync();
        machine.InstallDapr();
        await machine.RunPostgresAsync();
        machine.Listen(6379, "+PONG\r\n");
        await machine.Clone.ReplaceAsync("dapr.yaml", "./components/kafka]", "./components/redis]");

        var (exitCode, lines) = await Doctor.RunAsync(machine);

        Assert.Equal(0, exitCode);
        Assert.Equal("The system can start.", lines[^1]);
        Assert.All(lines.SkipLast(1), line => Assert.StartsWith("ok   ", line, StringComparison.Ordinal));
        Assert.Equal(
            ["SDK", "Folder", "Dapr", "Run file", "Components", "Ports", "PostgreSQL", "Broker"],
            lines.SkipLast(1).Select(line => line[5..line.IndexOf(':', StringComparison.Ordinal)]));
    }

    [Fact(Explicit = true)]
    public async Task Invalid_usage_exits_with_2()
    {
        await using var machine = await Doctor.MachineAsync();

        Assert.Equal(2, (await machine.Clone.RunToEndAsync([.. Doctor.Command(machine.Clone.Folder), "--nonsense"])).ExitCode);
    }

    [Fact(Explicit = true)]
    public async Task Missing_SDK_is_reported_with_the_command_that_installs_it()
    {
        await using var machine = await Doctor.MachineAsync();
        await machine.Clone.ReplaceAsync("global.json", "10.0.100", "99.0.100");

        await Doctor.FailsAsync(
            machine,
            "SDK: no installed .NET SDK matches global.json; install one with: curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0");
    }

    [Fact(Explicit = true)]
    public async Task Missing_dotnet_is_reported_with_the_command_that_installs_it()
    {
        await using var machine = await Machine.CreateAsync();

        var (exitCode, output) = await machine.Clone.RunToEndAsync([Environment.ProcessPath!, .. Doctor.Command(machine.Clone.Folder)[1..]]);

        Assert.Equal(1, exitCode);
        Assert.Contains(
            "FAIL SDK: dotnet is not on PATH; install the .NET SDK 10 with: curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0\n",
            output, StringComparison.Ordinal);
    }

    [Theory(Explicit = true)]
    [InlineData("50%")]
    [InlineData("a;b")]
    public async Task Folder_with_an_unusable_path_is_reported_with_the_command_that_moves_it(string name)
    {
        await using var machine = await Doctor.MachineAsync();
        var folder = Path.Combine(machine.Clone.Parent, name);
        await CloneWithFreePorts.RunAsync("/", "cp", "-r", machine.Clone.Folder, folder);

        var (exitCode, output) = await machine.Clone.RunToEndAsync(Doctor.Command(folder));

        Assert.Equal(1, exitCode);
        Assert.Contains(
            $"FAIL Folder: the SDK cannot build in {folder}, because the path has a % or a ;. Move the clone with: mv '{folder}' ~/DaprOrders\n",
            output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Read_only_folder_is_reported_with_the_command_that_changes_its_owner()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can become another user.");
        await using var machine = await Doctor.MachineAsync();
        await machine.BecomeOrdinaryUserAsync();
        await CloneWithFreePorts.RunAsync("/", "chown", "root", machine.Clone.Folder);
        await CloneWithFreePorts.RunAsync("/", "chmod", "755", machine.Clone.Folder);

        await Doctor.FailsAsync(
            machine,
            $"Folder: nobody cannot write to {machine.Clone.Folder}; change that with: sudo chown -R nobody '{machine.Clone.Folder}'");
    }

    [Fact(Explicit = true)]
    public async Task Missing_Dapr_is_a_note_with_the_command_that_installs_it()
    {
        await using var machine = await Doctor.MachineAsync();

        await Doctor.SucceedsAsync(machine, $"note Dapr: not installed: the emulator is used; install Dapr with: {Install}");
    }

    [Fact(Explicit = true)]
    public async Task Dapr_CLI_without_runtime_is_reported_with_the_command_that_installs_it()
    {
        await using var machine = await Doctor.MachineAsync();
        machine.InstallDapr(withRuntime: false);

        await Doctor.SucceedsAsync(
            machine,
            $"warn Dapr: the CLI is installed, but {machine.Clone.Environment["HOME"]}/.dapr/bin/daprd is missing: the emulator is used; "
            + "install the runtime with: dapr init --slim");
    }

    [Fact(Explicit = true)]
    public async Task Port_of_another_program_is_reported_with_the_command_that_ends_it()
    {
        await using var machine = await Doctor.MachineAsync();
        var port = machine.Clone.FreePortOf(3502);
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();

        var line = await Doctor.FailsAsync(machine, $"Ports: port {port} is used by process {Environment.ProcessId} (");
        Assert.EndsWith($"); end it with: kill {Environment.ProcessId}", line, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Service_with_another_token_than_its_sidecar_is_reported()
    {
        await using var machine = await Doctor.MachineAsync();
        machine.Listen(8001, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"status\":\"degraded\",\"failing\":{\"app-api-token\":\"a request had no valid token\"}}");

        var (exitCode, lines) = await Doctor.RunAsync(machine);

        Assert.Equal(1, exitCode);
        Assert.Contains(
            $"FAIL Tokens: order on port {machine.Clone.FreePortOf(8001)}: a request had no valid token; ./run.sh starts both with the token in .dapr-orders/app-api-token",
            lines);
    }

    [Fact(Explicit = true)]
    public async Task Port_of_a_killed_run_is_a_note()
    {
        await using var machine = await Doctor.MachineAsync();
        var port = machine.Clone.FreePortOf(8001);
        const string listen = """
            use IO::Socket::INET;
            $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 1) or die;
            $| = 1; print "listens\n"; sleep 600
            """;
        using var listener = Process.Start(new ProcessStartInfo("perl", ["-e", listen, $"{port}"])
        {
            RedirectStandardOutput = true,
            Environment = { ["DAPR_ORDERS_STACK"] = machine.Clone.Folder },
        })!;
        try
        {
            Assert.Equal("listens", await listener.StandardOutput.ReadLineAsync(Cancel).AsTask().WaitAsync(Wait.Limit, Cancel));

            await Doctor.SucceedsAsync(
                machine, $"note Ports: port {port} is used by process {listener.Id} of a run that was killed; end it with: ./run.sh");
        }
        finally
        {
            listener.Kill();
        }
    }

    [Fact(Explicit = true)]
    public async Task Ports_of_the_system_that_runs_in_this_clone_are_ok()
    {
        await using var machine = await Doctor.MachineAsync();
        await machine.RunPostgresAsync();
        machine.ServicesAreReadyAfter(machine.EmulatorCall);
        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);
        var running = (await File.ReadAllTextAsync(Path.Combine(machine.Clone.Folder, ".dapr-orders", "run.pid"), Cancel)).Trim();

        await Doctor.SucceedsAsync(machine, $"ok   Ports: the 12 ports belong to the system that runs in this clone (process {running})");
    }

    [Fact(Explicit = true)]
    public async Task Missing_PostgreSQL_is_reported_with_the_command_that_installs_it()
    {
        await using var machine = await Doctor.MachineAsync();
        await machine.BecomeOrdinaryUserAsync();
        machine.HidePostgres();

        await Doctor.FailsAsync(machine, "PostgreSQL: PostgreSQL is not installed; install it with: sudo apt-get install postgresql");
    }

    [Fact(Explicit = true)]
    public async Task Missing_PostgreSQL_is_a_note_for_root_on_Debian()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root installs packages.");
        await using var machine = await Doctor.MachineAsync();
        machine.Install("apt-get");
        machine.HidePostgres();

        await Doctor.SucceedsAsync(
            machine, "note PostgreSQL: not installed: ./run.sh installs it because you are root; install it yourself with: apt-get install postgresql");
        Assert.DoesNotContain(machine.Calls, call => call.StartsWith("apt-get", StringComparison.Ordinal));
    }

    [Fact(Explicit = true)]
    public async Task PostgreSQL_in_Docker_is_found_without_starting_it()
    {
        await using var machine = await Doctor.MachineAsync();
        machine.Install("docker");

        await Doctor.SucceedsAsync(machine, $"ok   PostgreSQL: Docker starts it on 127.0.0.1:{machine.Clone.FreePortOf(5433)}");
        Assert.Equal(["docker info", "docker compose version"], machine.Calls.Where(call => call.StartsWith("docker", StringComparison.Ordinal)));
    }

    [Fact(Explicit = true)]
    public async Task Other_program_on_the_PostgreSQL_port_is_reported_with_the_command_that_ends_it()
    {
        await using var machine = await Doctor.MachineAsync();
        machine.Listen(5433, "HTTP/1.0 400 Bad Request\r\n\r\n");

        await Doctor.FailsAsync(
            machine,
            $"PostgreSQL: port {machine.Clone.FreePortOf(5433)} is used by process {Environment.ProcessId} (");
    }

    [Fact(Explicit = true)]
    public async Task Role_that_cannot_log_in_is_reported_with_the_command_that_fixes_it()
    {
        await using var postgres = await PostgresCluster.StartAsync();
        await postgres.RunScriptAsync(Path.Combine(Repository.Root, "postgres", "init.sql"));
        await postgres.ExecuteAsync("ALTER ROLE orders PASSWORD 'another'");
        await using var machine = await Doctor.MachineAsync();
        await machine.Clone.UsePortAsync(5433, postgres.Port);
        const string Role = "orders";
        var fix = $"psql -h 127.0.0.1 -p {postgres.Port} -U postgres -c \"ALTER ROLE orders LOGIN PASSWORD '{Role}'\"";
        await Doctor.FailsAsync(
            machine, $"PostgreSQL: order cannot log in as orders: password authentication failed for user \"orders\"; change that with: {fix}");

        using var psql = Process.Start(
            new ProcessStartInfo("sh", ["-c", $"{PostgresCluster.Binaries}/{fix}"]) { Environment = { ["PGPASSWORD"] = new PostgresOptions().Password } })!;
        await psql.WaitForExitAsync(Cancel).WaitAsync(Wait.Limit, Cancel);
        await Doctor.SucceedsAsync(machine, $"ok   PostgreSQL: runs on 127.0.0.1:{postgres.Port}, and every service can log in");
    }

    [Fact(Explicit = true)]
    public async Task Missing_roles_are_ok_because_a_run_creates_them()
    {
        await using var postgres = await PostgresCluster.StartAsync();
        await using var machine = await Doctor.MachineAsync();
        await machine.Clone.UsePortAsync(5433, postgres.Port);

        await Doctor.SucceedsAsync(machine, $"ok   PostgreSQL: runs on 127.0.0.1:{postgres.Port}; ./run.sh prepares orders_db, inventory_db, notification_db");
    }

    [Fact(Explicit = true)]
    public async Task Missing_roles_that_a_run_cannot_create_are_reported_with_a_command()
    {
        await using var postgres = await PostgresCluster.StartAsync();
        await using var machine = await Doctor.MachineAsync();
        await machine.Clone.UsePortAsync(5433, postgres.Port);
        machine.Clone.Environment["POSTGRES_PASSWORD"] = "wrong";

        var line = await Doctor.FailsAsync(machine, "PostgreSQL: orders, orders_owner, inventory, inventory_owner, notification, notification_owner cannot log in. PostgreSQL on ");
        Assert.EndsWith($" If you know the password of postgres, run: psql -h 127.0.0.1 -p {postgres.Port} -U postgres -f postgres/init.sql", line, StringComparison.Ordinal);
    }

    [Theory(Explicit = true)]
    [InlineData("kafka", 9092, "kafka topics")]
    [InlineData("redis", 6379, "redis")]
    [InlineData("rabbitmq", 5672, "rabbitmq")]
    public async Task Missing_broker_is_reported_with_the_command_that_starts_it(string broker, int port, string started)
    {
        await using var machine = await Doctor.MachineAsync();
        machine.InstallDapr();
        await machine.Clone.ReplaceAsync("dapr.yaml", "./components/kafka]", $"./components/{broker}]");

        await Doctor.SucceedsAsync(
            machine,
            $"warn Broker: {broker} on 127.0.0.1:{machine.Clone.FreePortOf(port)} does not respond: ./run.sh waits a minute for it, "
            + $"then uses the emulator; start it with: docker compose up -d {started}");
    }

    [Fact(Explicit = true)]
    public async Task Missing_broker_is_a_note_if_the_emulator_is_used()
    {
        await using var machine = await Doctor.MachineAsync();

        await Doctor.SucceedsAsync(
            machine,
            $"note Broker: kafka on 127.0.0.1:{machine.Clone.FreePortOf(9092)} does not respond, but the emulator does not need it; "
            + "start it with: docker compose up -d kafka topics");
    }

    [Theory(Explicit = true)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Missing_topics_and_partitions_are_reported_with_the_command_that_adds_them(bool createsTopics)
    {
        Assert.SkipUnless(SearchPath.Find("kafka") is not null, "There is no program kafka on PATH that starts a broker.");
        await using var machine = await Doctor.MachineAsync();
        machine.InstallDapr();
        await using var kafka = await TestKafka.StartAsync(createsTopics);
        await machine.Clone.ReplaceAsync("components/kafka/pubsub.yaml", $":{machine.Clone.FreePortOf(9092)}", $":{kafka.Port}");
        await kafka.RunAsync("topics", "--create", "--topic", "order.created", "--partitions", "1");
        await kafka.RunAsync("topics", "--create", "--topic", "inventory.updated", "--partitions", "3");

        // Kafka reports a topic as created a moment before the broker lists it.
        var (exitCode, lines) = await Doctor.RunAsync(machine);
        await Wait.UntilAsync("Kafka to list both topics", async () =>
        {
            (exitCode, lines) = await Doctor.RunAsync(machine);
            return lines.Any(line => line.StartsWith("warn Topics: order.created (1) ", StringComparison.Ordinal))
                && lines.Any(line => line.Contains("Topics: order.dead, inventory.dead, notification.dead missing", StringComparison.Ordinal));
        });

        var program = $"kafka-topics --bootstrap-server 127.0.0.1:{kafka.Port}";
        var create = string.Join(" && ", new[] { "order", "inventory", "notification" }.Select(app => $"{program} --create --topic {app}.dead --partitions 3"));
        Assert.Equal(createsTopics ? 0 : 1, exitCode);
        Assert.Contains(
            createsTopics
                ? $"warn Topics: order.dead, inventory.dead, notification.dead missing: Kafka will create them with its default settings; create them with: {create}"
                : $"FAIL Topics: order.dead, inventory.dead, notification.dead missing; create them with: {create}",
            lines);
        Assert.Contains($"warn Topics: order.created (1) with fewer than 3 partitions; change that with: {program} --alter --topic order.created --partitions 3", lines);

        await kafka.RunAsync("topics", "--alter", "--topic", "order.created", "--partitions", "3");
        foreach (var app in (string[])["order", "inventory", "notification"])
        {
            await kafka.RunAsync("topics", "--create", "--topic", $"{app}.dead", "--partitions", "3");
        }

        const string AllThere = "ok   Topics: order.created, order.dead, inventory.updated, inventory.dead, notification.dead with at least 3 partitions";
        await Wait.UntilAsync("Kafka to list all topics", async () => (await Doctor.RunAsync(machine)).Lines.Contains(AllThere));
        await Doctor.SucceedsAsync(machine, AllThere);
    }
}
