using Npgsql;

namespace DaprOrders.Stack;

/// <summary>The roles and databases of the services, in whichever PostgreSQL is used.</summary>
/// <param name="logins">The connection strings of the services, by app id.</param>
/// <param name="superuser">The connection string of the role that creates them.</param>
public sealed class ServiceDatabases(IReadOnlyDictionary<string, NpgsqlConnectionStringBuilder> logins, NpgsqlConnectionStringBuilder superuser)
{
    private const string InvalidPassword = "28P01";

    /// <summary>Creates what is missing with the script postgres/init.sql, and checks that every service can log in.</summary>
    /// <exception cref="StackException">PostgreSQL refuses a role. The message says what to do.</exception>
    public async Task PrepareAsync(string script, CancellationToken cancellationToken)
    {
        if (await RefusedLoginAsync(cancellationToken) is null)
        {
            return;
        }

        await RunAsSuperuserAsync(connection => RunScriptAsync(connection, script, cancellationToken), cancellationToken);
        if (await RefusedLoginAsync(cancellationToken) is { } refused)
        {
            throw new StackException(
                $"PostgreSQL on {Address(superuser)} refuses role {refused.Login.Username} on {refused.Login.Database} with the password in dapr.yaml: "
                + $"{refused.Why}. Change one of the two");
        }
    }

    /// <summary>Drops the databases with everything in them.</summary>
    public Task DropAsync(CancellationToken cancellationToken) => RunAsSuperuserAsync(
        async connection =>
        {
            foreach (var login in logins.Values)
            {
                await ExecuteAsync(connection, $"DROP DATABASE IF EXISTS \"{login.Database}\" WITH (FORCE)", cancellationToken);
            }
        },
        cancellationToken);

    /// <summary>Runs a script for psql that uses \gexec, which executes each row of a result, and no other command of psql.</summary>
    internal static async Task RunScriptAsync(NpgsqlConnection connection, string script, CancellationToken cancellationToken)
    {
        var parts = script.ReplaceLineEndings("\n").Split("\\gexec\n");
        foreach (var part in parts[..^1])
        {
            // Statements before the one whose rows are executed end with a semicolon; comments may stand before it.
            var statements = new List<string>();
            await using (var command = new NpgsqlCommand(part, connection))
            await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
            {
                while (await reader.ReadAsync(cancellationToken))
                {
                    statements.Add(reader.GetString(0));
                }
            }

            foreach (var statement in statements)
            {
                await ExecuteAsync(connection, statement, cancellationToken);
            }
        }

        await ExecuteAsync(connection, parts[^1], cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Address(NpgsqlConnectionStringBuilder login) => $"{login.Host}:{login.Port}";

    private async Task<(NpgsqlConnectionStringBuilder Login, string Why)?> RefusedLoginAsync(CancellationToken cancellationToken)
    {
        foreach (var login in logins.Values)
        {
            try
            {
                await using var connection = new NpgsqlConnection(WithoutPool(login));
                await connection.OpenAsync(cancellationToken);
            }
            catch (PostgresException e)
            {
                return (login, e.MessageText);
            }
        }

        return null;
    }

    private async Task RunAsSuperuserAsync(Func<NpgsqlConnection, Task> run, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(WithoutPool(superuser));
            await connection.OpenAsync(cancellationToken);
            await run(connection);
        }
        catch (PostgresException e)
        {
            var advice = e.SqlState == InvalidPassword ? "Set POSTGRES_PASSWORD to its password, or let its owner run postgres/init.sql, or free the port" : "Let its owner run postgres/init.sql, or free the port";
            throw new StackException($"PostgreSQL on {Address(superuser)} refuses role {superuser.Username}: {e.MessageText}. {advice}", e);
        }
    }

    private static string WithoutPool(NpgsqlConnectionStringBuilder login) =>
        new NpgsqlConnectionStringBuilder(login.ConnectionString) { Pooling = false, Timeout = 5 }.ConnectionString;
}
