using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>Classifies database errors: those that pass without a change, and those that a request or an event causes.</summary>
public static class DatabaseErrors
{
    /// <summary>
    /// Returns whether the same work may succeed later: the database is unavailable, full, restarting or not migrated yet, another transaction
    /// came first, or the work was canceled or timed out. Inner exceptions count too, since EF Core wraps those of the database.
    /// </summary>
    public static bool IsTransient(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is TimeoutException or OperationCanceledException or DbUpdateConcurrencyException or NpgsqlException { IsTransient: true })
            {
                return true;
            }

            if (e is PostgresException { SqlState: var state })
            {
                return IsTransient(state);
            }
        }

        return false;
    }

    /// <seealso href="https://www.postgresql.org/docs/15/errcodes-appendix.html"/>
    private static bool IsTransient(string sqlState) => sqlState switch
    {
        PostgresErrorCodes.UniqueViolation => true, // a concurrent duplicate, which a retry finds
        PostgresErrorCodes.LockNotAvailable => true,
        _ => sqlState[..2] is "08" or "28" or "40" or "42" or "53" or "57" or "58", // connection, role, deadlock, schema, full, stopping, I/O
    };
}
