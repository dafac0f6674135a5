using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Messaging.Tests.Outbox;

public sealed class OutboxInterceptorTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Change_and_events_are_one_transaction_though_nobody_opened_one(bool isAsync)
    {
        await using var host = await fixture.StartAsync();
        await using var scope = host.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        db.Notes.Add(new Note { Text = "note" });
        db.Publish(new Noted("a", "a"), Guid.NewGuid());
        db.Publish(new Noted("b", "b"), Guid.NewGuid());

        if (isAsync)
        {
            await db.SaveChangesAsync(Cancel);
        }
        else
        {
#pragma warning disable CA1849 // the other way is the case above
            db.SaveChanges();
#pragma warning restore CA1849
        }

        Assert.Equal("a b", await host.OutboxAsync());
        Assert.Equal(1L, await host.QueryAsync<long>(
            "SELECT count(DISTINCT id) FROM (SELECT xmin::text AS id FROM notes UNION ALL SELECT xmin::text FROM outbox) transactions"));
        Assert.Null(db.Database.CurrentTransaction);
    }

    [Fact]
    public async Task A_change_that_fails_takes_its_events_with_it_and_the_context_goes_on()
    {
        await using var host = await fixture.StartAsync();
        await using var scope = host.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        db.Notes.Add(new Note { Id = 7, Text = "first" });
        await db.SaveChangesAsync(Cancel);
        db.ChangeTracker.Clear();

        db.Notes.Add(new Note { Id = 7, Text = "the same id" });
        db.Publish(new Noted("never", "never"), Guid.NewGuid());
        await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync(Cancel));
        db.ChangeTracker.Clear();
        db.Publish(new Noted("later", "later"), Guid.NewGuid());
        await db.SaveChangesAsync(Cancel);

        Assert.Equal("later", await host.OutboxAsync());
    }

    [Fact]
    public async Task Events_that_cannot_be_written_leave_no_change_and_the_context_goes_on()
    {
        await using var host = await fixture.StartAsync();
        await using var scope = host.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        await db.Database.ExecuteSqlAsync($"ALTER TABLE outbox RENAME TO away", Cancel);

        db.Notes.Add(new Note { Text = "never" });
        db.Publish(new Noted("never", "never"), Guid.NewGuid());
        await Assert.ThrowsAnyAsync<Exception>(() => db.SaveChangesAsync(Cancel));
        await db.Database.ExecuteSqlAsync($"ALTER TABLE away RENAME TO outbox", Cancel);
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM notes"));
        db.ChangeTracker.Clear();
        db.Publish(new Noted("later", "later"), Guid.NewGuid());
        await db.SaveChangesAsync(Cancel);

        Assert.Equal("later", await host.OutboxAsync());
    }

    [Fact]
    public async Task What_was_published_in_a_unit_of_work_that_was_given_up_is_not_written_by_the_next()
    {
        await using var host = await fixture.StartAsync();
        await using var scope = host.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        db.Publish(new Noted("never", "never"), Guid.NewGuid());
        db.ChangeTracker.Clear(); // as a pool does with a context that comes back

        db.Notes.Add(new Note { Text = "note" });
        await db.SaveChangesAsync(Cancel);

        Assert.Equal("", await host.OutboxAsync());
    }
}
