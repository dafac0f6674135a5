using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace DaprOrders.Persistence;

/// <summary>
/// Limits how long a transaction of a migration waits for a lock. All later statements on the table, also reads, wait behind a migration that waits.
/// </summary>
internal sealed class MigrationLockTimeout : DbTransactionInterceptor
{
    public override async ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = result;
        command.CommandText = "SET LOCAL lock_timeout = '2s'";
        await command.ExecuteNonQueryAsync(cancellationToken);
        return result;
    }
}
