using System.Diagnostics;
using DaprOrders.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Messaging.Tests.Outbox;

/// <summary>Tests what <c>SaveChanges</c> writes to the outbox.</summary>
public sealed class PublishTests(MessagingFixture fixture)
{
    private const string Trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changes_and_events_are_saved_in_one_transaction()
    {
        await using var host = await fixture.StartAsync();
        await using var scope = host.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        db.Notes.Add(new Note { Text = "note" });
        db.Publish(new Noted("a", "a"));

        await db.SaveChangesAsync(Cancel);

        Assert.Equal("a", await host.OutboxAsync());
        Assert.Equal(1L, await host.QueryAsync<long>(
            "SELECT count(DISTINCT id) FROM (SELECT xmin::text AS id FROM notes UNION ALL SELECT xmin::text FROM outbox) transactions"));
    }

    [Fact]
    public async Task Failed_save_writes_no_event()
    {
        await using var host = await fixture.StartAsync();
        await using var scope = host.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        db.Notes.Add(new Note { Id = 7, Text = "first" });
        await db.SaveChangesAsync(Cancel);
        db.ChangeTracker.Clear();

        db.Notes.Add(new Note { Id = 7, Text = "the same id" });
        db.Publish(new Noted("never", "never"));
        await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync(Cancel));
        db.ChangeTracker.Clear();
        db.Publish(new Noted("later", "later"));
        await db.SaveChangesAsync(Cancel);

        Assert.Equal("later", await host.OutboxAsync());
    }

    [Fact]
    public async Task Oversized_event_throws_and_is_not_stored()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxEventBytes", "100"));
        await using var scope = host.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();

        var error = Assert.Throws<ArgumentException>(() => db.Publish(new Noted(new string('x', 100), "k")));

        Assert.Contains("Messaging:MaxEventBytes allows 100", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, await db.SaveChangesAsync(Cancel));
    }

    [Fact]
    public async Task Event_continues_the_trace_of_the_current_activity()
    {
        await using var host = await fixture.StartAsync();
        using var activity = new Activity("request").SetParentId(Trace).Start();

        await host.PublishAsync("k", "a");

        Assert.Equal(activity.Id, await host.QueryAsync<string>("SELECT trace_parent FROM outbox"));
    }

    [Fact]
    public async Task Event_published_by_a_handler_continues_the_trace_of_the_handled_event()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Publishes = true;
        var traced = Deliveries.Event("noted", new { text = "a", by = "a" });
        traced["traceparent"] = Trace;
        var untraced = Deliveries.Event("noted", new { text = "b", by = "b" });
        untraced["traceparent"] = "00-00000000000000000000000000000000-0000000000000000-00"; // what Dapr sends without a trace

        await host.Client.DeliverAsync("noted", traced, untraced);

        Assert.Equal(Trace, await host.QueryAsync<string>("SELECT trace_parent FROM outbox WHERE key = 'a'"));
        Assert.NotEqual(Trace, await host.QueryAsync<string>("SELECT coalesce(trace_parent, '') FROM outbox WHERE key = 'b'"));
    }

    [Fact]
    public async Task Republish_skips_events_that_are_still_in_the_outbox()
    {
        await using var host = await fixture.StartAsync();
        var present = Assert.Single(await host.PublishAsync("a", "a"));
        await using var scope = host.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();

        await db.RepublishAsync([new Noted("a", "a") { EventId = present }, new Noted("b", "b")], Cancel);
        await db.SaveChangesAsync(Cancel);

        Assert.Equal("a b", await host.OutboxAsync());
    }

    [Fact]
    public async Task Outbox_is_behind_only_if_an_event_that_was_not_refused_waits()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync("a", "a");
        await using var scope = host.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        Assert.False(await db.IsOutboxBehindAsync(TimeSpan.FromMinutes(1), Cancel));

        await host.QueryAsync<int>("WITH old AS (UPDATE outbox SET created_at = now() - interval '2 minutes' RETURNING 1) SELECT 1");
        Assert.True(await db.IsOutboxBehindAsync(TimeSpan.FromMinutes(1), Cancel));

        await host.QueryAsync<int>("WITH refused AS (UPDATE outbox SET attempts = 1 RETURNING 1) SELECT 1");
        Assert.False(await db.IsOutboxBehindAsync(TimeSpan.FromMinutes(1), Cancel));
    }
}
