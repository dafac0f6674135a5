using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace DaprOrders.SetBasedSaveChanges;

/// <summary>Enables set-based inserts for a context.</summary>
public static class SetBasedSaveChangesExtensions
{
    /// <summary>
    /// Makes <c>SaveChanges</c> insert the rows of one table with one statement over arrays, instead of one statement per row. Rows that cannot be
    /// inserted in this way, updates and deletes are written as before. Call it after <c>UseNpgsql</c>.
    /// </summary>
    /// <param name="options">The options of the context.</param>
    /// <param name="enabled">Whether to enable it, for example the value of a setting.</param>
    public static DbContextOptionsBuilder UseSetBasedSaveChanges(this DbContextOptionsBuilder options, bool enabled = true)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (enabled)
        {
            ((IDbContextOptionsBuilderInfrastructure)options).AddOrUpdateExtension(new SetBasedOptionsExtension());
        }

        return options;
    }
}
