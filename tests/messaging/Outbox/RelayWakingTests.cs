using DaprOrders.Stack;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using static DaprOrders.Messaging.Tests.Outbox.BulkPublish;

namespace DaprOrders.Messaging.Tests.Outbox;

/// <summary>When the relay looks into the outbox.</summary>
public sealed class RelayWakingTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_many_events_leave_the_next_ones_gather_and_go_in_one_call()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        await host.PublishAsync(null, [.. Enumerable.Range(1, 10).Select(n => $"{n}")]); // within no time since the start
        await host.Sidecar.PublishedAsync("noted", 10);

        await host.PublishAsync(null, "b");
        await host.PublishAsync(null, "c");
        await AdvanceUntilAsync(host, requests: 2);

        Assert.Equal(["b", "c"], (await host.Sidecar.PublishedAsync("noted", 12)).Select(Text).TakeLast(2));
        Assert.Equal(2, host.Sidecar.Server.LogEntries.Count);
    }

    [Fact]
    public async Task The_relay_of_another_instance_lets_them_gather_too_although_it_has_taken_few_itself()
    {
        (string, string)[] settings = [("Messaging:PollInterval", "01:00:00")];
        await using var host = await fixture.StartAsync(withRelay: true, settings);
        await host.PublishAsync(null, [.. Enumerable.Range(1, 10).Select(n => $"{n}")]);
        await host.Sidecar.PublishedAsync("noted", 10);
        await using var other = await MessagingHost.StartAsync(host.ConnectionString, withRelay: true, settings, host.Sidecar);
        await other.PublishAsync(null, "a"); // it cannot know yet
        await host.Sidecar.PublishedAsync("noted", 11);

        await other.PublishAsync(null, "b");
        await other.PublishAsync(null, "c");
        await AdvanceUntilAsync(other, requests: 3);

        Assert.Equal(["b", "c"], (await host.Sidecar.PublishedAsync("noted", 13)).Select(Text).TakeLast(2));
        Assert.Equal(3, host.Sidecar.Server.LogEntries.Count);
    }

    [Fact]
    public async Task Events_that_come_singly_wait_for_no_others()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        await host.PublishAsync(null, "a");
        await host.Sidecar.PublishedAsync("noted", 1);

        await host.PublishAsync(null, "b"); // the clock stands still, so nothing that waits for it would ever end

        Assert.Equal(["a", "b"], (await host.Sidecar.PublishedAsync("noted", 2)).Select(Text));
    }

    [Fact]
    public async Task While_it_backs_off_the_relay_is_deaf_to_commits()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        host.Sidecar.Server.Given(Request.Create().WithPath(Route)).InScenario("down").AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500));
        await host.PublishAsync(null, "first");
        await host.Sidecar.UntilAsync(requests => requests.Count == 1);

        await host.PublishAsync(null, "second");
        await host.PublishAsync(null, "third");
        Assert.Single(host.Sidecar.Server.LogEntries);

        // The outage goes on: each pause that ends is one more call, however many commits there were.
        await AdvanceUntilAsync(host, requests: 2);
        Assert.Equal(2, host.Sidecar.Server.LogEntries.Count);
    }

    [Fact]
    public async Task A_commit_wakes_the_relay_at_once()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));

        await host.PublishAsync(null, "lone");

        Assert.Equal(["lone"], (await host.Sidecar.PublishedAsync("noted", 1)).Select(Text));
    }

    [Theory]
    [InlineData("Messaging:BatchSize", "2")]
    [InlineData("Messaging:BatchBytes", "20")]
    public async Task What_does_not_fit_into_one_call_goes_in_the_next_ones_at_once(string limit, string value)
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"), (limit, value));

        await host.PublishAsync(null, "a", "b", "c", "d", "e"); // one commit, one signal, and the clock stands still

        Assert.Equal(["a", "b", "c", "d", "e"], (await host.Sidecar.PublishedAsync("noted", 5)).Select(Text));
        Assert.InRange(host.Sidecar.Server.LogEntries.Count, 3, 5);
    }

    [Fact]
    public async Task What_the_broker_did_not_refuse_by_name_goes_again_at_once()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        await using (var scope = host.App.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
            var refused = Guid.NewGuid();
            AnswerOnce(host, 500, Failed(refused));
            db.Publish(new Noted("refused", "r"), refused);
            db.Publish(new Noted("a", "a"), Guid.NewGuid());
            await db.SaveChangesAsync(Cancel);
        }

        await host.Sidecar.UntilAsync(requests => requests.Count == 2);

        Assert.Equal(["refused", "a", "a"], (await host.Sidecar.PublishedAsync("noted", 3)).Select(Text));
    }

    [Fact]
    public async Task An_event_that_nobody_told_the_relay_of_is_found_when_it_looks_again()
    {
        await using var host = await fixture.StartAsync(withRelay: true);
        await host.QueryAsync<long>(
            """INSERT INTO outbox (id, topic, key, data, attempts) VALUES (gen_random_uuid(), 'noted', 'k', '{"text": "left behind"}', 0) RETURNING position""");

        await AdvanceUntilAsync(host, requests: 1);

        Assert.Equal(["left behind"], (await host.Sidecar.PublishedAsync("noted", 1)).Select(Text));
    }

    [Fact]
    public async Task The_commit_of_a_longer_transaction_wakes_the_relay_too()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        await using (var scope = host.App.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
            await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
            db.Publish(new Noted("first", "k"), Guid.NewGuid());
            await db.SaveChangesAsync(Cancel);
            db.Notes.Add(new Note { Text = "more" });
            await db.SaveChangesAsync(Cancel);
            await transaction.CommitAsync(Cancel);
        }

        Assert.Equal(["first"], (await host.Sidecar.PublishedAsync("noted", 1)).Select(Text));
    }

    private static Task AdvanceUntilAsync(MessagingHost host, int requests) => Wait.UntilAsync($"{requests} publishes", () =>
    {
        host.Time.Advance(TimeSpan.FromMilliseconds(10));
        return host.Sidecar.Server.LogEntries.Count >= requests;
    });
}
