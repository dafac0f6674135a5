using Microsoft.EntityFrameworkCore;

namespace DaprOrders.SetBasedSaveChanges.Tests;

public sealed class TransactionTests(DatabaseFixture fixture)
{
    private static CancellationToken Cancel => Xunit.TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Inserts_into_two_tables_are_one_round_trip_and_one_transaction(int rows)
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        db.AddRange(Enumerable.Range(1, rows).SelectMany(id => new object[] { new Node { Id = id }, new Named { Id = id, Name = $"{id}" } }));

        await db.SaveChangesAsync(Cancel);

        Assert.Single(database.Commands);
        Assert.Equal(0, database.Transactions);
        Assert.Equal(1, await database.QueryAsync<long>("SELECT count(DISTINCT xmin::text) FROM (SELECT xmin FROM nodes UNION ALL SELECT xmin FROM named) r"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task Failure_of_the_second_table_undoes_the_inserts_into_the_first(int rows)
    {
        await using var database = await fixture.CreateAsync();
        await database.ExecuteAsync("INSERT INTO nodes VALUES (1)");
        await using var db = database.CreateContext();
        db.AddRange(Enumerable.Range(1, rows).SelectMany(id => new object[] { new Named { Id = id, Name = $"{id}" }, new Node { Id = id } }));

        await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync(Cancel));

        Assert.Single(database.Commands);
        Assert.StartsWith("INSERT INTO named", database.Commands[0], StringComparison.Ordinal);
        Assert.Equal(0, await database.QueryAsync<long>("SELECT count(*) FROM named"));
    }

    [Fact]
    public async Task Row_with_a_generated_key_needs_no_transaction_either()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        db.AddRange(new Generated { Name = "a" }, new Named { Id = 1, Name = "b" });

        await db.SaveChangesAsync(Cancel);

        Assert.Equal(0, database.Transactions);
    }

    [Fact]
    public async Task Table_with_a_trigger_in_the_model_has_a_transaction()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        db.AddRange(new Parent { Id = 1 }, new Parent { Id = 2 });

        await db.SaveChangesAsync(Cancel);

        Assert.Equal(1, database.Transactions);
    }

    [Fact]
    public async Task Updates_and_deletes_that_can_miss_their_row_have_a_transaction()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        var tokens = new[] { new Token { Id = 1 }, new Token { Id = 2 } };
        db.AddRange(tokens.AsEnumerable());
        await db.SaveChangesAsync(Cancel);
        tokens[0].Name = "new";
        db.Remove(tokens[1]);
        await database.ExecuteAsync("""DELETE FROM tokens WHERE "Id" = 2""");

        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync(Cancel));

        Assert.Equal(1, database.Transactions);
        Assert.Equal(1, await database.QueryAsync<long>("""SELECT count(*) FROM tokens WHERE "Name" IS NULL"""));
    }

    [Fact]
    public async Task Several_batches_are_one_transaction()
    {
        await using var database = await fixture.CreateAsync();
        await database.ExecuteAsync("INSERT INTO nodes VALUES (1500)");
        await using var db = database.CreateContext();
        db.AddRange(Enumerable.Range(1, 1500).Select(id => new Node { Id = id }));

        await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync(Cancel));

        Assert.Equal((2, 1), (database.Commands.Count, database.Transactions));
        Assert.Equal(1, await database.QueryAsync<long>("SELECT count(*) FROM nodes"));
    }

    [Fact]
    public async Task Parts_that_are_written_differently_are_one_transaction()
    {
        await using var database = await fixture.CreateAsync();
        await database.ExecuteAsync("INSERT INTO tagged VALUES (2, '{}')");
        await using var db = database.CreateContext();
        db.AddRange(new Node { Id = 1 }, new Node { Id = 2 }, new Tagged { Id = 1 }, new Tagged { Id = 2 });

        await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync(Cancel));

        Assert.Equal((2, 1), (database.Commands.Count, database.Transactions));
        Assert.Equal(["tagged (2,{})"], await database.ContentsAsync());
    }

    [Fact]
    public async Task Failed_SaveChanges_in_a_transaction_rolls_back_to_its_savepoint()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        await using (var transaction = await db.Database.BeginTransactionAsync(Cancel))
        {
            db.AddRange(new Node { Id = 1 }, new Node { Id = 2 });
            await db.SaveChangesAsync(Cancel);
            db.ChangeTracker.Clear();
            db.AddRange(new Node { Id = 2 }, new Node { Id = 3 });
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync(Cancel));
            await transaction.CommitAsync(Cancel);
        }

        Assert.Equal(["nodes (1,)", "nodes (2,)"], await database.ContentsAsync());
    }

    [Fact]
    public async Task Transaction_that_rolls_back_stores_nothing()
    {
        await using var database = await fixture.CreateAsync();
        await using var db = database.CreateContext();
        await using (await db.Database.BeginTransactionAsync(Cancel))
        {
            db.AddRange(new Node { Id = 1 }, new Node { Id = 2 });
            await db.SaveChangesAsync(Cancel);
        }

        Assert.Empty(await database.ContentsAsync());
    }

    [Fact]
    public async Task Execution_strategy_retries_the_whole_SaveChanges()
    {
        await using var database = await fixture.CreateAsync(configure: options => options.UseNpgsql(npgsql => npgsql.EnableRetryOnFailure(3, TimeSpan.Zero, null)));
        await database.ExecuteAsync(
            """
            CREATE SEQUENCE attempts;
            CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF nextval('attempts') = 1 THEN RAISE EXCEPTION 'serialization' USING ERRCODE = '40001'; END IF;
              RETURN NULL;
            END $$;
            CREATE TRIGGER fail_once AFTER INSERT ON nodes FOR EACH STATEMENT EXECUTE FUNCTION fail_once()
            """);
        await using var db = database.CreateContext();
        db.AddRange(new Node { Id = 1 }, new Node { Id = 2 }, new Tagged { Id = 1 });

        Assert.Equal(3, await db.SaveChangesAsync(Cancel));

        Assert.Equal(["nodes (1,)", "nodes (2,)", "tagged (1,{})"], await database.ContentsAsync());
        Assert.Equal(2, database.Commands.Count(command => command.Contains("nodes", StringComparison.Ordinal)));
    }
}
