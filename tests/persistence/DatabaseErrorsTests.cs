using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Messaging.Tests.Events;

public sealed class TransientTests
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
    public void What_the_database_says_of_itself_passes(string sqlState) => Assert.True(Transient.Is(Wrapped(sqlState)));

    [Theory]
    [InlineData("22001")] // too long for the column
    [InlineData("23502")] // null
    [InlineData("23503")] // no such row
    [InlineData("23514")] // check constraint
    [InlineData("P0001")] // raised by a trigger
    public void What_the_database_says_of_the_data_does_not_pass(string sqlState) => Assert.False(Transient.Is(Wrapped(sqlState)));

    [Fact]
    public void Time_outs_cancellations_and_lost_races_pass()
    {
        Assert.True(Transient.Is(new TimeoutException()));
        Assert.True(Transient.Is(new InvalidOperationException("wrapped", new TaskCanceledException())));
        Assert.True(Transient.Is(new DbUpdateConcurrencyException()));
    }

    [Fact]
    public void A_mistake_in_the_code_does_not_pass()
    {
        Assert.False(Transient.Is(new ArgumentNullException()));
        Assert.False(Transient.Is(new InvalidOperationException()));
    }

    private static DbUpdateException Wrapped(string sqlState) =>
        new("wrapped", new PostgresException("message", "ERROR", "ERROR", sqlState));
}
