using Npgsql;

namespace DaprOrders.Stack;

/// <summary>A login that PostgreSQL refuses.</summary>
public sealed record RefusedLogin(string AppId, NpgsqlConnectionStringBuilder Login, string Reason, string SqlState);

/// <summary>Creates and checks the roles and databases of the services.</summary>
/// <param name="databases">The databases of the services by app id.</param>
/// <param name="superuser">The connection settings of the role that creates roles and databases.</param>
public sealed class ServiceDatabases(IReadOnlyDictionary<string, ServiceDatabase> databases, NpgsqlConnectionStringBuilder superuser)
{
    /// <summary>
    /// Returns whether a role owns tables of the database or may create some, as in databases of earlier versions, or whether the script was interrupted.
    /// Its last statement for a database grants default privileges on sequences.
    /// </summary>
    private const string OldLayoutSql =
        """
        SELECT has_schema_privilege($1, 'public', 'CREATE')
            OR EXISTS (SELECT FROM pg_class WHERE pg_get_userbyid(relowner) = $1)
            OR NOT EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND pg_get_userbyid(datdba) = current_user)
            OR NOT EXISTS (SELECT FROM pg_default_acl WHERE pg_get_userbyid(defaclrole) = current_user AND defaclobjtype = 'S')
        """;

    /// <summary>
    /// Runs the script postgres/init.sql if a role cannot log in or has other rights, and checks that every role can log in afterwards.
    /// </summary>
    /// <exception cref="StackException">PostgreSQL refuses a role. The message says what to do.</exception>
    public async Task PrepareAsync(string script, CancellationToken cancellationToken)
    {
        if (await RefusedLoginsAsync(cancellationToken) is [] && await OldLayoutsAsync(cancellationToken) is [])
        {
            return;
        }

        await RunScriptAsync(script, cancellationToken);
        if (await RefusedLoginsAsync(cancellationToken) is [var refused, ..])
        {
            throw new StackException(
                $"PostgreSQL on {Address(superuser)} refuses role {refused.Login.Username} on {refused.Login.Database} with the password in dapr.yaml: "
                + $"{refused.Reason}. Change the role, or the connection string in dapr.yaml");
        }
    }

    /// <summary>Tries to log in as every role, and returns the logins that PostgreSQL refuses.</summary>
    public async Task<IReadOnlyList<RefusedLogin>> RefusedLoginsAsync(CancellationToken cancellationToken)
    {
        var refused = new List<RefusedLogin>();
        foreach (var (appId, login) in databases.SelectMany(database => database.Value.Logins.Select(login => (database.Key, login))))
        {
            try
            {
                await using var connection = new NpgsqlConnection(WithoutPool(login));
                await connection.OpenAsync(cancellationToken);
            }
            catch (PostgresException e)
            {
                refused.Add(new RefusedLogin(appId, login, e.MessageText, e.SqlState));
            }
        }

        return refused;
    }

    /// <summary>Returns the names of the databases whose owners or rights the script must change. Every role must be able to log in.</summary>
    public async Task<IReadOnlyList<string>> OldLayoutsAsync(CancellationToken cancellationToken)
    {
        var old = new List<string>();
        foreach (var (service, owner) in databases.Values)
        {
            if (owner is null)
            {
                continue; // the service runs its migrations with its own role
            }

            await using var connection = new NpgsqlConnection(WithoutPool(owner));
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand(OldLayoutSql, connection) { Parameters = { new() { Value = service.Username } } };
            if (await command.ExecuteScalarAsync(cancellationToken) is true)
            {
                old.Add(service.Database!);
            }
        }

        return old;
    }

    /// <summary>Returns the refused logins whose role or database does not exist. The script creates these.</summary>
    /// <exception cref="StackException">PostgreSQL refuses the superuser.</exception>
    public async Task<IReadOnlyList<RefusedLogin>> MissingAsync(IReadOnlyList<RefusedLogin> refused, CancellationToken cancellationToken)
    {
        var roles = new List<string>();
        await RunAsSuperuserAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand("SELECT rolname FROM pg_roles", connection);
                await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    roles.Add(reader.GetString(0));
                }
            },
            cancellationToken);
        // A client gets the same error for a missing role as for a wrong password, so the list of roles decides.
        return [.. refused.Where(login => login.SqlState == PostgresErrorCodes.InvalidCatalogName || !roles.Contains(login.Login.Username!))];
    }

    /// <summary>Drops the databases with everything in them.</summary>
    public Task DropAsync(CancellationToken cancellationToken) => RunAsSuperuserAsync(
        async connection =>
        {
            foreach (var database in databases.Values)
            {
                await ExecuteAsync(connection, $"DROP DATABASE IF EXISTS \"{database.Service.Database}\" WITH (FORCE)", cancellationToken);
            }
        },
        cancellationToken);

    /// <summary>
    /// Runs a psql script. The only psql commands that it may use, at the start of a line, are \gexec, which executes each row of a result as a statement,
    /// and \connect with the name of a database.
    /// </summary>
    private async Task RunScriptAsync(string script, CancellationToken cancellationToken)
    {
        const string connect = "\n\\connect ";
        var sections = script.ReplaceLineEndings("\n").Split(connect);
        await RunAsSuperuserAsync(connection => RunSectionAsync(connection, sections[0], cancellationToken), cancellationToken);
        foreach (var section in sections.Skip(1))
        {
            var end = section.IndexOf('\n', StringComparison.Ordinal);
            await RunAsSuperuserAsync(
                connection => RunSectionAsync(connection, section[end..], cancellationToken), cancellationToken, section[..end].Trim());
        }
    }

    private static async Task RunSectionAsync(NpgsqlConnection connection, string script, CancellationToken cancellationToken)
    {
        var parts = script.Split("\\gexec\n");
        foreach (var part in parts[..^1])
        {
            // The last statement of a part returns the rows to execute. Earlier statements end with a semicolon and return no rows.
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

    private async Task RunAsSuperuserAsync(Func<NpgsqlConnection, Task> run, CancellationToken cancellationToken, string? database = null)
    {
        try
        {
            await using var connection = new NpgsqlConnection(WithoutPool(superuser, database));
            await connection.OpenAsync(cancellationToken);
            await run(connection);
        }
        catch (PostgresException e)
        {
            var advice = e.SqlState == PostgresErrorCodes.InvalidPassword ? "Set POSTGRES_PASSWORD to its password, or ask its owner to run postgres/init.sql, or free the port" : "Ask its owner to run postgres/init.sql, or free the port";
            throw new StackException($"PostgreSQL on {Address(superuser)} refuses role {superuser.Username}: {e.MessageText}. {advice}", e);
        }
    }

    private static string WithoutPool(NpgsqlConnectionStringBuilder login, string? database = null) =>
        new NpgsqlConnectionStringBuilder(login.ConnectionString) { Pooling = false, Timeout = 5, Database = database ?? login.Database }.ConnectionString;
}
