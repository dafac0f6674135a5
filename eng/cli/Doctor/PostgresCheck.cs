using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Cli.Doctor;

/// <summary>Checks which PostgreSQL a run would use and, if it is already running, whether the services can log in.</summary>
internal static class PostgresCheck
{
    private const string Name = "PostgreSQL";

    public static async Task<IReadOnlyList<Finding>> RunAsync(string root, RunFile runFile, CancellationToken cancellationToken)
    {
        if (runFile.Databases.Count is 0)
        {
            return [];
        }

        var port = runFile.Databases.Values.First().Service.Port;
        try
        {
            return await LocalPostgres.FindAsync(root, port, cancellationToken) switch
            {
                PostgresSource.OtherProgram => [new Finding(Severity.Failure, Name, $"port {port} is used by {FreePort.DescribeListener(port)}")],
                PostgresSource.Docker => [new Finding(Severity.Ok, Name, $"Docker starts it on 127.0.0.1:{port}")],
                PostgresSource.Programs => [new Finding(Severity.Ok, Name, $"{PostgresPrograms.Find()} starts it on 127.0.0.1:{port}")],
                PostgresSource.Package => [new Finding(Severity.Note, Name, "not installed: ./run.sh installs it because you are root; install it yourself with: apt-get install postgresql")],
                PostgresSource.NotAvailable => [new Finding(Severity.Failure, Name, PostgresPrograms.Advice)],
                _ => await CheckLoginsAsync(root, runFile, port, cancellationToken),
            };
        }
        catch (NpgsqlException e)
        {
            return [Finding.Broken(Name, $"a database of dapr.yaml cannot be reached: {e.Message}", "dapr.yaml")];
        }
        catch (StackException e)
        {
            return [new Finding(Severity.Failure, Name, e.Message)];
        }
    }

    private static async Task<IReadOnlyList<Finding>> CheckLoginsAsync(string root, RunFile runFile, int port, CancellationToken cancellationToken)
    {
        var databases = new ServiceDatabases(runFile.Databases, LocalPostgres.Superuser(root, port));
        var psql = $"psql -h 127.0.0.1 -p {port} -U postgres";
        var refused = await databases.RefusedLoginsAsync(cancellationToken);
        if (refused is [])
        {
            return await databases.OldLayoutsAsync(cancellationToken) is { Count: > 0 } old
                ? [new Finding(Severity.Ok, Name, $"runs on 127.0.0.1:{port}; ./run.sh prepares {string.Join(", ", old)}")]
                : [new Finding(Severity.Ok, Name, $"runs on 127.0.0.1:{port}, and every service can log in")];
        }

        IReadOnlyList<RefusedLogin> missing;
        try
        {
            missing = await databases.MissingAsync(refused, cancellationToken);
        }
        catch (StackException e)
        {
            var roles = string.Join(", ", refused.Select(login => login.Login.Username));
            return
            [
                new Finding(Severity.Failure, Name, $"{roles} cannot log in. {e.Message}. If you know the password of postgres, run: {psql} -f postgres/init.sql"),
            ];
        }

        var findings = refused.Except(missing).Select(login => new Finding(
            Severity.Failure,
            Name,
            $"{login.AppId} cannot log in as {login.Login.Username}: {login.Reason}; change that with: {psql} -c \"{FixFor(login)}\"")).ToList();
        return findings.Count > 0
            ? findings
            : [new Finding(Severity.Ok, Name, $"runs on 127.0.0.1:{port}; ./run.sh prepares {string.Join(", ", missing.Select(login => login.Login.Database).Distinct())}")];
    }

    private static string FixFor(RefusedLogin refused) => refused.SqlState == PostgresErrorCodes.InvalidPassword
        ? $"ALTER ROLE {refused.Login.Username} LOGIN PASSWORD '{refused.Login.Password}'"
        : $"GRANT CONNECT ON DATABASE {refused.Login.Database} TO {refused.Login.Username}; ALTER ROLE {refused.Login.Username} LOGIN";
}
