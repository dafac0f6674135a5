using CsCheck;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.SetBasedSaveChanges.Tests;

/// <summary>Makes the same changes with and without set-based inserts, and compares the contents of the databases.</summary>
public sealed class SameRowsTests(DatabaseFixture fixture)
{
    private static readonly Gen<Everything> AnyRow =
        from a in Gen.Select(Gen.Guid, Gen.Bool, Gen.Short.Nullable(), Gen.Int.Nullable(), Gen.Long.Nullable())
        from b in Gen.Select(Gen.Float.Nullable(), Gen.Double.Nullable(), Gen.Int[-99_999_999, 99_999_999].Nullable(), Text().Null(), Text(5).Null())
        from c in Gen.Select(Gen.Byte.Array[0, 20].Null(), Gen.Guid.Nullable(), Gen.Date.Nullable(), Gen.Long[0, 86_399_999_999].Nullable())
        from d in Gen.Select(Gen.Long[0, 4_000_000_000_000_000].Nullable(), Gen.Int[0, 5], Gen.Int[0, 2].Nullable(), Text().List[0, 3].Null())
        select new Everything
        {
            Id = a.Item1,
            Flag = a.Item2,
            Small = a.Item3,
            Whole = a.Item4,
            Big = a.Item5,
            Ratio = b.Item1,
            Precise = b.Item2,
            Price = b.Item3 / 1000m,
            Text = b.Item4,
            Code = b.Item5,
            Blob = c.Item1,
            Other = c.Item2,
            Day = c.Item3 is { } day ? DateOnly.FromDateTime(day) : null,
            Time = c.Item4 is { } time ? TimeOnly.MinValue.Add(TimeSpan.FromMicroseconds(time)) : null,
            Duration = c.Item4 is { } duration ? TimeSpan.FromMicroseconds(duration) : null,
            Local = d.Item1 is { } local ? new DateTime(1960, 1, 1).AddMicroseconds(local) : null,
            Utc = d.Item1 is { } utc ? DateTime.UnixEpoch.AddMicroseconds(utc) : null,
            At = d.Item1 is { } at ? DateTimeOffset.UnixEpoch.AddMicroseconds(at) : null,
            Json = d.Item2 == 0 ? null : """{ "b": 1,  "a": [null] }""",
            Jsonb = d.Item2 == 1 ? null : """{ "b": 1,  "a": [null] }""",
            Color = d.Item2 % 2 == 0 ? Color.Red : Color.Green,
            Maybe = d.Item2 switch { 2 => null, 3 => Color.Green, _ => Color.Red },
            Number = (Color?)d.Item3,
            List = d.Item4,
            Total = new Money { Amount = d.Item2 },
        };

    private static CancellationToken Cancel => Xunit.TestContext.Current.CancellationToken;

    [Fact]
    public Task Rows_with_values_of_every_type_are_the_same() =>
        AnyRow.List[2, 20].SampleAsync(
            async rows => await CompareAsync(isMerged: true, async db =>
            {
                db.AddRange(rows.DistinctBy(row => row.Id).Select(Copy));
                await db.SaveChangesAsync(Cancel);
            }),
            iter: 20, threads: 1);

    [Fact]
    public Task Extreme_values_are_the_same() => CompareAsync(isMerged: true, async db =>
    {
        db.AddRange(
            new Everything { Id = new Guid(1, 0, 0, new byte[8]), Ratio = float.NaN, Precise = double.PositiveInfinity, Text = "", Blob = [], Utc = DateTime.MaxValue.ToUniversalTime(), Day = DateOnly.MaxValue },
            new Everything { Id = new Guid(2, 0, 0, new byte[8]), Text = "'\\{},\"null\"\n😀", Code = "NULL", Big = long.MinValue, At = DateTimeOffset.MaxValue, Day = DateOnly.MinValue });
        await db.SaveChangesAsync(Cancel);
    });

    [Fact]
    public Task Array_columns_are_the_same() => CompareAsync(isMerged: false, async db =>
    {
        db.AddRange(new Tagged { Id = 1, Tags = ["a", "b"] }, new Tagged { Id = 2, Tags = ["c"] }, new Tagged { Id = 3 });
        await db.SaveChangesAsync(Cancel);
    });

    [Fact]
    public Task Types_without_a_known_array_are_the_same() => CompareAsync(isMerged: false, async db =>
    {
        db.AddRange(new Letters { Id = 1, Letter = 'a', Fixed = "x", Byte = 255 }, new Letters { Id = 2, Letter = ' ', Fixed = "xyz" });
        await db.SaveChangesAsync(Cancel);
    });

    [Fact]
    public Task Owned_JSON_documents_are_the_same() => CompareAsync(isMerged: false, async db =>
    {
        db.AddRange(new Documented { Id = 1, Document = new Document { Title = "a" } }, new Documented { Id = 2 });
        await db.SaveChangesAsync(Cancel);
        await db.Set<Documented>().ForEachAsync(documented => documented.Document.Pages = 4, Cancel);
        await db.SaveChangesAsync(Cancel);
    });

    [Fact]
    public Task Types_of_a_hierarchy_are_the_same() => CompareAsync(isMerged: true, async db =>
    {
        db.AddRange(
            new Cat { Id = 1, Name = "c", Lives = 9 }, new Cat { Id = 2, Lives = 8 }, new Dog { Id = 3, Breed = "d" }, new Dog { Id = 4 }, new Animal { Id = 5 },
            new Cat { Id = 6 });
        await db.SaveChangesAsync(Cancel);
    });

    [Fact]
    public Task Parents_and_children_are_the_same() => CompareAsync(isMerged: true, async db =>
    {
        db.AddRange(
            new Parent { Id = 1, Children = [new Child { Id = 1 }, new Child { Id = 2 }] },
            new Parent { Id = 2, Children = [new Child { Id = 3 }] });
        await db.SaveChangesAsync(Cancel);
    });

    [Fact]
    public Task Children_of_parents_with_generated_keys_are_the_same() => CompareAsync(isMerged: true, async db =>
    {
        var parents = new[] { new Generated { Leaves = [new Leaf { Id = 1 }, new Leaf { Id = 2 }] }, new Generated { Leaves = [new Leaf { Id = 3 }] } };
        db.AddRange(parents.AsEnumerable());
        await db.SaveChangesAsync(Cancel);
        Assert.Equal([1, 2], parents.Select(parent => parent.Id).Order());
    });

    [Fact]
    public Task Rows_that_refer_to_rows_of_the_same_table_are_the_same() => CompareAsync(isMerged: true, async db =>
    {
        db.AddRange(new Node { Id = 1, ParentId = 2 }, new Node { Id = 2, ParentId = 3 }, new Node { Id = 3 }, new Node { Id = 4 });
        await db.SaveChangesAsync(Cancel);
    });

    [Fact]
    public Task Generated_row_versions_are_read_back() => CompareAsync(isMerged: false, async db =>
    {
        var rows = new[] { new Versioned { Id = 1 }, new Versioned { Id = 2 } };
        db.AddRange(rows.AsEnumerable());
        await db.SaveChangesAsync(Cancel);
        Assert.All(rows, row => Assert.NotEqual(0u, row.Version));
        rows[0].Name = "new";
        await db.SaveChangesAsync(Cancel);
    });

    [Fact]
    public Task Defaults_of_the_database_are_the_same() => CompareAsync(isMerged: true, async db =>
    {
        db.AddRange(new Defaulted { Id = 1 }, new Defaulted { Id = 2, Attempts = 3 }, new Defaulted { Id = 3, Attempts = 4 }, new Defaulted { Id = 4 });
        await db.SaveChangesAsync(Cancel);
    });

    [Fact]
    public Task Unique_values_can_be_moved_between_rows() => CompareAsync(isMerged: true, async db =>
    {
        var rows = new[] { new Named { Id = 1, Name = "a" }, new Named { Id = 2, Name = "b" }, new Named { Id = 3, Name = "c" } };
        db.AddRange(rows.AsEnumerable());
        await db.SaveChangesAsync(Cancel);
        (rows[0].Name, rows[1].Name, rows[2].Name) = ("b", "c", "d");
        await db.SaveChangesAsync(Cancel);
        db.Remove(rows[0]);
        db.AddRange(new Named { Id = 5, Name = "b" }, new Named { Id = 6, Name = "f" });
        await db.SaveChangesAsync(Cancel);
    });

    [Fact]
    public Task Inserts_updates_and_deletes_in_one_SaveChanges_are_the_same() => CompareAsync(isMerged: true, async db =>
    {
        var tokens = Enumerable.Range(1, 4).Select(id => new Token { Id = id }).ToList();
        db.AddRange(tokens);
        await db.SaveChangesAsync(Cancel);
        tokens[0].Name = "new";
        db.Remove(tokens[1]);
        db.AddRange(new Token { Id = 10 }, new Token { Id = 11 }, new Generated { Name = "z" }, new Cat { Id = 1 }, new Message { Id = Guid.Empty });
        Assert.Equal(7, await db.SaveChangesAsync(Cancel));
    });

    [Fact]
    public Task Rows_of_many_batches_are_the_same() => CompareAsync(isMerged: true, async db =>
    {
        db.AddRange(Enumerable.Range(1, 2500).Select(id => new Node { Id = id }));
        Assert.Equal(2500, await db.SaveChangesAsync(Cancel));
    });

    [Fact]
    public Task Synchronous_SaveChanges_is_the_same() => CompareAsync(isMerged: true, db =>
    {
        db.AddRange(new Node { Id = 1 }, new Node { Id = 2 }, new Generated { Name = "a" });
        Assert.Equal(3, db.SaveChanges());
        return Task.CompletedTask;
    });

    private async Task CompareAsync(bool isMerged, Func<TestContext, Task> change)
    {
        await using var plain = await fixture.CreateAsync(setBased: false);
        await using var setBased = await fixture.CreateAsync();
        foreach (var database in new[] { plain, setBased })
        {
            await using var db = database.CreateContext();
            await change(db);
        }

        var rows = await setBased.ContentsAsync();
        Assert.NotEmpty(rows);
        Assert.Equal(await plain.ContentsAsync(), rows);
        Assert.DoesNotContain(plain.Commands, IsMerged);
        Assert.Equal(isMerged, setBased.Commands.Any(IsMerged));
    }

    private static bool IsMerged(string command) => command.Contains("unnest", StringComparison.Ordinal);

    /// <summary>Returns text that PostgreSQL can store: it has no NUL, and no half of a surrogate pair.</summary>
    private static Gen<string> Text(int length = 30) => Gen.Char[' ', '\ud7ff'].Array[0, length].Select(letters => new string(letters));

    /// <summary>Returns a row that no context tracks yet.</summary>
    private static Everything Copy(Everything row) => new()
    {
        Id = row.Id,
        Flag = row.Flag,
        Small = row.Small,
        Whole = row.Whole,
        Big = row.Big,
        Ratio = row.Ratio,
        Precise = row.Precise,
        Price = row.Price,
        Text = row.Text,
        Code = row.Code,
        Blob = row.Blob,
        Other = row.Other,
        Day = row.Day,
        Time = row.Time,
        Duration = row.Duration,
        Local = row.Local,
        Utc = row.Utc,
        At = row.At,
        Json = row.Json,
        Jsonb = row.Jsonb,
        Color = row.Color,
        Maybe = row.Maybe,
        Number = row.Number,
        List = row.List,
        Total = new Money { Amount = row.Total.Amount },
    };
}
