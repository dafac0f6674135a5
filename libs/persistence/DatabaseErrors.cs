using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>The cause of a failure. It determines whether a retry can succeed.</summary>
public enum FailureCause
{
    /// <summary>The request or the event itself. A retry fails again.</summary>
    Input,

    /// <summary>A row that another transaction wrote first. A retry in a new transaction finds that row.</summary>
    Duplicate,

    /// <summary>A missing migration, role or permission. A retry succeeds after the deployment is fixed.</summary>
    NotDeployed,

    /// <summary>A temporary condition: the database is unavailable, full or read-only, a deadlock, a timeout or a cancellation. A retry succeeds later.</summary>
    Transient,
}

/// <summary>Classifies exceptions of code that uses PostgreSQL.</summary>
/// <seealso href="https://www.postgresql.org/docs/current/errcodes-appendix.html"/>
public static class DatabaseErrors
{
    /// <summary>Returns the cause of a failure. Also checks inner exceptions, because EF Core wraps the exceptions of the database.</summary>
    public static FailureCause CauseOf(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case PostgresException { SqlState: var state }:
                    return CauseOf(state);
                case DbUpdateConcurrencyException:
                    return FailureCause.Duplicate;
                case NpgsqlException or TimeoutException or OperationCanceledException:
                    return FailureCause.Transient; // the database did not respond, or no connection is free
            }
        }

        return FailureCause.Input;
    }

    /// <summary>Returns whether the same request or event can succeed later: the cause is transient, or something is not deployed.</summary>
    public static bool IsUnavailable(Exception exception) => CauseOf(exception) is FailureCause.Transient or FailureCause.NotDeployed;

    /// <summary>
    /// Returns whether a concurrent transaction is the cause: a duplicate, a deadlock or a serialization failure. A retry in a new transaction can
    /// succeed at once.
    /// </summary>
    public static bool IsConflict(Exception exception) =>
        CauseOf(exception) is FailureCause.Duplicate || SqlStateOf(exception)?.StartsWith("40", StringComparison.Ordinal) == true;

    internal static string? SqlStateOf(Exception? exception) =>
        exception is null or PostgresException ? (exception as PostgresException)?.SqlState : SqlStateOf(exception.InnerException);

    private static FailureCause CauseOf(string sqlState) => sqlState switch
    {
        PostgresErrorCodes.UniqueViolation => FailureCause.Duplicate,
        PostgresErrorCodes.InvalidCatalogName => FailureCause.NotDeployed,
        PostgresErrorCodes.RaiseException => FailureCause.Input,
        _ => sqlState[..2] switch
        {
            "22" or "23" => FailureCause.Input, // invalid data, violated constraint
            "28" or "42" => FailureCause.NotDeployed, // wrong password, missing table or permission
            _ => FailureCause.Transient,
        },
    };
}
