using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>What caused a failure, and therefore whether to retry it.</summary>
public enum FailureCause
{
    /// <summary>The request or the event itself. A retry fails in the same way.</summary>
    Input,

    /// <summary>A row that another transaction has written first. A retry in a new transaction finds it.</summary>
    Duplicate,

    /// <summary>A missing migration, role or right. A retry succeeds after somebody has fixed that.</summary>
    NotDeployed,

    /// <summary>A condition that passes: the database is unavailable, full or read-only, a deadlock, a timeout, a canceled call.</summary>
    Transient,
}

/// <summary>Classifies failures of work that uses PostgreSQL.</summary>
/// <seealso href="https://www.postgresql.org/docs/current/errcodes-appendix.html"/>
public static class DatabaseErrors
{
    /// <summary>Returns the cause of a failure. Inner exceptions count too, since EF Core wraps those of the database.</summary>
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
                    return FailureCause.Transient; // no response from the database, or no free connection
            }
        }

        return FailureCause.Input;
    }

    /// <summary>Returns whether the failure passes without a change of the input: the caller may retry later.</summary>
    public static bool IsUnavailable(Exception exception) => CauseOf(exception) is FailureCause.Transient or FailureCause.NotDeployed;

    /// <summary>
    /// Returns whether another transaction came first: a duplicate, a deadlock or a serialization failure. A retry in a new transaction may succeed
    /// at once.
    /// </summary>
    public static bool IsConflict(Exception exception) =>
        CauseOf(exception) is FailureCause.Duplicate || SqlStateOf(exception)?.StartsWith("40", StringComparison.Ordinal) == true;

    private static string? SqlStateOf(Exception? exception) =>
        exception is null or PostgresException ? (exception as PostgresException)?.SqlState : SqlStateOf(exception.InnerException);

    private static FailureCause CauseOf(string sqlState) => sqlState switch
    {
        PostgresErrorCodes.UniqueViolation => FailureCause.Duplicate,
        PostgresErrorCodes.InvalidCatalogName => FailureCause.NotDeployed,
        PostgresErrorCodes.RaiseException => FailureCause.Input,
        _ => sqlState[..2] switch
        {
            "22" or "23" => FailureCause.Input, // invalid data, violated constraint
            "28" or "42" => FailureCause.NotDeployed, // wrong password, missing table or right
            _ => FailureCause.Transient,
        },
    };
}
