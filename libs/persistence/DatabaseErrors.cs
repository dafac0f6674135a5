using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Messaging;

/// <summary>Tells failures that pass by themselves from those that an event or a request brings about.</summary>
public static class Transient
{
    /// <summary>Decides whether the same work may well succeed later, unchanged.</summary>
    /// <param name="exception">What was thrown; its inner exceptions are looked at too, since EF wraps the database's.</param>
    /// <returns>True for a database that is away, full, restarting or not yet migrated, for a lost race, a time-out and a cancellation.</returns>
    public static bool Is(Exception exception)
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
        PostgresErrorCodes.UniqueViolation => true, // a concurrent duplicate: the next try finds it
        PostgresErrorCodes.LockNotAvailable => true,
        _ => sqlState[..2] is "08" or "28" or "40" or "42" or "53" or "57" or "58", // connection, role, deadlock, schema, full, stopping, I/O
    };
}
