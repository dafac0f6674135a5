using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace DaprOrders.SetBasedSaveChanges.Tests;

public sealed class StatementTests(DatabaseFixture fixture)
{
    private static CancellationToken Cancel => Xunit.TestContext.Current.CancellationToken;

    [Fact]
    public async Task Text_of_a_statement_does_not_depend_on_the_number_of_rows()
    {
        await using var database = await fixture.CreateAsync();
        var id = 0;
        foreach (var rows in new[] { 2, 3, 100, 999 })
        {
            await using var db = database.CreateContext();
            db.AddRange(Enumerable.Range(1, rows).Select(_ => new Node { Id = ++id }));
            await db.SaveChangesAsync(Cancel);
        }

        Assert.Equal(4, database.Commands.Count);
        Assert.Single(database.Commands.Distinct());
        Assert.Equal(1, await database.QueryAsync<long>("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'"));
    }

    [Fact]
    public async Task Rows_are_inserted_in_the_order_of_their_keys()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        var messages = Enumerable.Range(1, 500).Select(number => new Message { Id = new Guid(number, 0, 0, new byte[8]), Text = $"{number}" }).ToList();
        db.AddRange(messages);
        await db.SaveChangesAsync(Cancel);

        var stored = await database.QueryAsync<string[]>("""SELECT array_agg("Text" ORDER BY position) FROM messages""");

        Assert.Equal(messages.Select(message => message.Text), stored);
    }

    [Fact]
    public async Task One_row_is_inserted_with_the_statement_of_the_provider()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        db.AddRange(new Node { Id = 1 }, new Named { Id = 1 });

        await db.SaveChangesAsync(Cancel);

        Assert.Contains("VALUES", Assert.Single(database.Commands), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_row_beside_merged_rows_needs_no_round_trip()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        db.AddRange(new Named { Id = 1, Name = "one" }, new Node { Id = 1 }, new Node { Id = 2 }, new Parent { Id = 1 });

        await db.SaveChangesAsync(Cancel);

        Assert.Single(database.Commands);
    }

    [Fact]
    public async Task MaxBatchSize_limits_the_rows_of_a_statement()
    {
        await using var database = await fixture.CreateAsync(configure: options => options.UseNpgsql(npgsql => npgsql.MaxBatchSize(10)));
        await using var db = database.CreateContext();
        db.AddRange(Enumerable.Range(1, 25).Select(id => new Node { Id = id }));

        await db.SaveChangesAsync(Cancel);

        Assert.Equal(3, database.Commands.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Log_of_EF_Core_has_the_statement_and_sensitive_values_only_if_enabled(bool isSensitive)
    {
        var log = new List<string>();
        await using var database = await fixture.CreateAsync(configure: options => options
            .LogTo((id, _) => id == RelationalEventId.CommandExecuted, data => log.Add(data.ToString()))
            .EnableSensitiveDataLogging(isSensitive));
        await using var db = database.CreateContext();
        db.AddRange(new Named { Id = 1, Name = "secret" }, new Named { Id = 2, Name = "other" });

        await db.SaveChangesAsync(Cancel);

        var line = Assert.Single(log);
        Assert.Contains("INSERT INTO named", line, StringComparison.Ordinal);
        Assert.Equal(isSensitive, line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Disabled_option_changes_nothing()
    {
        await using var database = await fixture.CreateAsync(setBased: false);
        await using var db = database.CreateContext();
        db.AddRange(new Node { Id = 1 }, new Node { Id = 2 });

        await db.SaveChangesAsync(Cancel);

        Assert.DoesNotContain("unnest", Assert.Single(database.Commands), StringComparison.Ordinal);
        Assert.Equal(1, database.Transactions);
    }

    [Fact]
    public void Option_before_UseNpgsql_is_refused()
    {
        var options = new DbContextOptionsBuilder<TestContext>();
        options.UseSetBasedSaveChanges().UseNpgsql("Host=nowhere");

        var e = Assert.Throws<InvalidOperationException>(() => new TestContext(options.Options));

        Assert.Contains("UseNpgsql must be called before it", e.Message, StringComparison.Ordinal);
    }
}
