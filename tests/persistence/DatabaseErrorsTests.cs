using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Persistence.Tests;

public sealed class DatabaseErrorsTests
{
    [Theory]
    [InlineData("22001")] // value too long for the column
    [InlineData("22P02")] // invalid text for the type
    [InlineData("23502")] // null
    [InlineData("23503")] // foreign key
    [InlineData("23514")] // check constraint
    [InlineData("P0001")] // raised by a trigger
    public void Invalid_data_is_caused_by_the_input(string sqlState) => Assert.Equal(FailureCause.Input, DatabaseErrors.CauseOf(Wrapped(sqlState)));

    [Fact]
    public void Unique_violation_and_concurrent_change_are_duplicates()
    {
        Assert.Equal(FailureCause.Duplicate, DatabaseErrors.CauseOf(Wrapped("23505")));
        Assert.Equal(FailureCause.Duplicate, DatabaseErrors.CauseOf(new DbUpdateConcurrencyException()));
    }

    [Theory]
    [InlineData("28P01")] // wrong password
    [InlineData("3D000")] // no such database
    [InlineData("42501")] // missing permission
    [InlineData("42P01")] // no such table: the migration has not run
    public void Missing_migration_role_or_permission_is_not_deployed(string sqlState) =>
        Assert.Equal(FailureCause.NotDeployed, DatabaseErrors.CauseOf(Wrapped(sqlState)));

    [Theory]
    [InlineData("08006")] // connection failure
    [InlineData("0A000")] // cached plan must not change result type
    [InlineData("25006")] // read-only
    [InlineData("25P03")] // idle in transaction for too long
    [InlineData("40001")] // serialization failure
    [InlineData("40P01")] // deadlock
    [InlineData("53100")] // disk full
    [InlineData("53300")] // too many connections
    [InlineData("55P03")] // lock not available
    [InlineData("57014")] // statement timeout
    [InlineData("57P01")] // shutting down
    [InlineData("58030")] // I/O error
    [InlineData("XX000")] // internal error
    public void Temporary_condition_is_transient(string sqlState) => Assert.Equal(FailureCause.Transient, DatabaseErrors.CauseOf(Wrapped(sqlState)));

    public static TheoryData<Exception> WithoutResponse =>
    [
        new TimeoutException(),
        new InvalidOperationException("wrapped", new TaskCanceledException()),
        new NpgsqlException("The connection pool has been exhausted"),
    ];

    [Theory]
    [MemberData(nameof(WithoutResponse), DisableDiscoveryEnumeration = true)]
    public void Timeout_or_lost_connection_is_transient(Exception exception) => Assert.Equal(FailureCause.Transient, DatabaseErrors.CauseOf(exception));

    [Fact]
    public void Exception_from_other_code_is_caused_by_the_input()
    {
        Assert.Equal(FailureCause.Input, DatabaseErrors.CauseOf(new ArgumentNullException()));
        Assert.Equal(FailureCause.Input, DatabaseErrors.CauseOf(new InvalidOperationException()));
    }

    [Theory]
    [InlineData("23505", true)]
    [InlineData("40P01", true)]
    [InlineData("40001", true)]
    [InlineData("57P01", false)]
    [InlineData("23514", false)]
    public void Duplicate_deadlock_and_serialization_failure_are_conflicts(string sqlState, bool expected) =>
        Assert.Equal(expected, DatabaseErrors.IsConflict(Wrapped(sqlState)));

    private static DbUpdateException Wrapped(string sqlState) =>
        new("wrapped", new PostgresException("message", "ERROR", "ERROR", sqlState));
}
