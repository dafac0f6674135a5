using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.SetBasedSaveChanges.Tests;

public sealed class ErrorTests(DatabaseFixture fixture)
{
    private static CancellationToken Cancel => Xunit.TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Unique_violation_names_the_rows_of_its_table_and_stores_nothing(bool isAsync)
    {
        await using var database = await fixture.CreateAsync();
        await database.ExecuteAsync("INSERT INTO named VALUES (9, 'taken')");
        await using var db = database.CreateContext();
        db.AddRange(new Named { Id = 1, Name = "free" }, new Named { Id = 2, Name = "taken" }, new Node { Id = 1 }, new Node { Id = 2 });

        var e = await FailAsync(db, isAsync);

        var violation = Assert.IsType<PostgresException>(e.InnerException);
        Assert.Equal((PostgresErrorCodes.UniqueViolation, "named"), (violation.SqlState, violation.TableName));
        Assert.Equal([typeof(Named), typeof(Named)], e.Entries.Select(entry => entry.Entity.GetType()));
        Assert.Equal(["named (9,taken)"], await database.ContentsAsync());
    }

    [Fact]
    public async Task Failed_SaveChanges_can_be_repeated_in_the_same_context()
    {
        await using var database = await fixture.CreateAsync();
        await database.ExecuteAsync("INSERT INTO named VALUES (9, 'taken')");
        await using var db = database.CreateContext();
        var duplicate = new Named { Id = 2, Name = "taken" };
        db.AddRange(new Named { Id = 1, Name = "free" }, duplicate);
        var e = await FailAsync(db, isAsync: true);
        Assert.All(e.Entries, entry => Assert.Equal(EntityState.Added, entry.State));

        duplicate.Name = "also free";

        Assert.Equal(2, await db.SaveChangesAsync(Cancel));
        Assert.Equal(["named (1,free)", "named (2,\"also free\")", "named (9,taken)"], await database.ContentsAsync());
    }

    [Fact]
    public async Task Value_that_is_too_long_is_refused_and_not_truncated()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        db.AddRange(new Everything { Code = "12345" }, new Everything { Code = "123456" }, new Node { Id = 1 }, new Node { Id = 2 });

        var e = await FailAsync(db, isAsync: true);

        Assert.Equal(PostgresErrorCodes.StringDataRightTruncation, Assert.IsType<PostgresException>(e.InnerException).SqlState);
        Assert.Equal(4, e.Entries.Select(entry => entry.Entity).Distinct().Count(entity => entity is Node or Everything)); // PostgreSQL names no table
        Assert.Empty(await database.ContentsAsync());
    }

    [Fact]
    public async Task Value_that_cannot_be_sent_fails_with_DbUpdateException()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        db.AddRange(new Everything { Utc = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Local) }, new Everything());

        var e = await FailAsync(db, isAsync: true);

        Assert.IsType<ArgumentException>(e.InnerException);
    }

    [Fact]
    public async Task Missing_parent_names_the_children()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        db.AddRange(new Child { Id = 1, ParentId = 7 }, new Child { Id = 2, ParentId = 7 }, new Node { Id = 1 }, new Node { Id = 2 });

        var e = await FailAsync(db, isAsync: true);

        Assert.Equal(PostgresErrorCodes.ForeignKeyViolation, Assert.IsType<PostgresException>(e.InnerException).SqlState);
        Assert.All(e.Entries, entry => Assert.IsType<Child>(entry.Entity));
        Assert.Equal(2, e.Entries.Count);
    }

    [Fact]
    public async Task Concurrency_error_of_an_update_names_its_row_and_undoes_the_inserts()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        var tokens = Enumerable.Range(1, 10).Select(id => new Token { Id = id, Name = "old" }).ToList();
        db.AddRange(tokens);
        await db.SaveChangesAsync(Cancel);
        await database.ExecuteAsync("""UPDATE tokens SET "Name" = 'other' WHERE "Id" = 4""");
        tokens.ForEach(token => token.Name = "new");
        db.AddRange(new Node { Id = 1 }, new Node { Id = 2 });

        var e = await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync(Cancel));

        Assert.Same(tokens[3], Assert.Single(e.Entries).Entity);
        Assert.Equal(0, await database.QueryAsync<long>("SELECT count(*) FROM nodes"));
        Assert.Equal(9, await database.QueryAsync<long>("""SELECT count(*) FROM tokens WHERE "Name" = 'old'"""));
        await e.Entries[0].ReloadAsync(Cancel);
        tokens[3].Name = "new";
        Assert.Equal(12, await db.SaveChangesAsync(Cancel));
    }

    [Fact]
    public async Task Insert_that_a_trigger_suppresses_is_a_concurrency_error()
    {
        await using var database = await fixture.CreateAsync();
        await database.ExecuteAsync(
            """
            CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
            CREATE TRIGGER suppress BEFORE INSERT ON nodes FOR EACH ROW WHEN (NEW."Id" = 2) EXECUTE FUNCTION suppress()
            """);
        await using var db = database.CreateContext();
        db.AddRange(new Node { Id = 1 }, new Node { Id = 2 }, new Node { Id = 3 });

        var e = await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync(Cancel));

        Assert.Equal(3, e.Entries.Count);
    }

    [Fact]
    public async Task Cancelled_SaveChanges_stores_nothing()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        db.AddRange(new Node { Id = 1 }, new Node { Id = 2 });
        await database.ExecuteAsync(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NEW; END $$;
            CREATE TRIGGER wait BEFORE INSERT ON nodes FOR EACH ROW EXECUTE FUNCTION wait()
            """);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var saving = db.SaveChangesAsync(cancellation.Token);
        await DaprOrders.Stack.Wait.UntilAsync("the insert", async () =>
            await database.QueryAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == 1);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => saving);
        Assert.Empty(await database.ContentsAsync());
    }

    private static async Task<DbUpdateException> FailAsync(TestContext db, bool isAsync)
    {
        var e = isAsync
            ? await Record.ExceptionAsync(() => db.SaveChangesAsync(Cancel))
            : Record.Exception(() => db.SaveChanges());
        return Assert.IsType<DbUpdateException>(e);
    }
}
