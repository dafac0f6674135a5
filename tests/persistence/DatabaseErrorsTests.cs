using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Persistence.Tests;

public sealed class DatabaseErrorsTests
{
    [Theory]
    [InlineData("23505")] // unique violation: a concurrent duplicate
    [InlineData("55P03")] // lock not available
    [InlineData("08006")] // connection failure
    [InlineData("28P01")] // wrong password
    [InlineData("40P01")] // deadlock
    [InlineData("42P01")] // no such table: not migrated yet
    [InlineData("53100")] // disk full
    [InlineData("57P01")] // shutting down
    [InlineData("58030")] // I/O error
    public void Error_of_the_database_is_transient(string sqlState) => Assert.True(DatabaseErrors.IsTransient(Wrapped(sqlState)));

    [Theory]
    [InlineData("22001")] // too long for the column
    [InlineData("23502")] // null
    [InlineData("23503")] // no such row
    [InlineData("23514")] // check constraint
    [InlineData("P0001")] // raised by a trigger
    public void Error_of_the_data_is_not_transient(string sqlState) => Assert.False(DatabaseErrors.IsTransient(Wrapped(sqlState)));

    [Fact]
    public void Timeout_cancellation_and_lost_race_are_transient()
    {
        Assert.True(DatabaseErrors.IsTransient(new TimeoutException()));
        Assert.True(DatabaseErrors.IsTransient(new InvalidOperationException("wrapped", new TaskCanceledException())));
        Assert.True(DatabaseErrors.IsTransient(new DbUpdateConcurrencyException()));
    }

    [Fact]
    public void Bug_is_not_transient()
    {
        Assert.False(DatabaseErrors.IsTransient(new ArgumentNullException()));
        Assert.False(DatabaseErrors.IsTransient(new InvalidOperationException()));
    }

    private static DbUpdateException Wrapped(string sqlState) =>
        new("wrapped", new PostgresException("message", "ERROR", "ERROR", sqlState));
}
