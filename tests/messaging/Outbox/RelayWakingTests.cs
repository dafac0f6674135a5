using DaprOrders.Stack;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using static DaprOrders.Messaging.Tests.Outbox.BulkPublish;

namespace DaprOrders.Messaging.Tests.Outbox;

/// <summary>Tests when the relay reads the outbox.</summary>
public sealed class RelayWakingTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_at_a_high_rate_are_published_in_one_call()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        await host.PublishAsync(null, [.. Enumerable.Range(1, 10).Select(n => $"{n}")]); // published immediately
        await host.Sidecar.PublishedAsync("noted", 10);

        await host.PublishAsync(null, "b");
        await host.PublishAsync(null, "c");
        await AdvanceUntilAsync(host, requests: 2);

        Assert.Equal(["b", "c"], (await host.Sidecar.PublishedAsync("noted", 12)).Select(Text).TakeLast(2));
        Assert.Equal(2, host.Sidecar.Server.LogEntries.Count);
    }

    [Fact]
    public async Task Relay_counts_the_rate_of_other_instances()
    {
        (string, string)[] settings = [("Messaging:PollInterval", "01:00:00")];
        await using var host = await fixture.StartAsync(withRelay: true, settings);
        await host.PublishAsync(null, [.. Enumerable.Range(1, 10).Select(n => $"{n}")]);
        await host.Sidecar.PublishedAsync("noted", 10);
        await using var other = await MessagingHost.StartAsync(host.ConnectionString, withRelay: true, settings, host.Sidecar);
        await other.PublishAsync(null, "a"); // its relay does not know the rate yet
        await host.Sidecar.PublishedAsync("noted", 11);

        await other.PublishAsync(null, "b");
        await other.PublishAsync(null, "c");
        await AdvanceUntilAsync(other, requests: 3);

        Assert.Equal(["b", "c"], (await host.Sidecar.PublishedAsync("noted", 13)).Select(Text).TakeLast(2));
        Assert.Equal(3, host.Sidecar.Server.LogEntries.Count);
    }

    [Fact]
    public async Task Single_event_is_published_without_delay()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        await host.PublishAsync(null, "a");
        await host.Sidecar.PublishedAsync("noted", 1);

        await host.PublishAsync(null, "b"); // the test clock does not advance, so a delay would never end

        Assert.Equal(["a", "b"], (await host.Sidecar.PublishedAsync("noted", 2)).Select(Text));
    }

    [Fact]
    public async Task Commit_does_not_wake_a_paused_relay()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        host.Sidecar.Server.Given(Request.Create().WithPath(Route)).InScenario("down").AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500));
        await host.PublishAsync(null, "first");
        await host.Sidecar.UntilAsync(requests => requests.Count == 1);

        await host.PublishAsync(null, "second");
        await host.PublishAsync(null, "third");
        Assert.Single(host.Sidecar.Server.LogEntries);

        // The outage continues. Each pause ends with one call, regardless of the number of commits.
        await AdvanceUntilAsync(host, requests: 2);
        Assert.Equal(2, host.Sidecar.Server.LogEntries.Count);
    }

    [Fact]
    public async Task Commit_wakes_the_relay_immediately()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));

        await host.PublishAsync(null, "lone");

        Assert.Equal(["lone"], (await host.Sidecar.PublishedAsync("noted", 1)).Select(Text));
    }

    [Theory]
    [InlineData("Messaging:BatchSize", "2")]
    [InlineData("Messaging:BatchBytes", "20")]
    public async Task Events_that_exceed_one_call_are_sent_in_the_next_calls_without_delay(string limit, string value)
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"), (limit, value));

        await host.PublishAsync(null, "a", "b", "c", "d", "e"); // one commit, one signal; the test clock does not advance

        Assert.Equal(["a", "b", "c", "d", "e"], (await host.Sidecar.PublishedAsync("noted", 5)).Select(Text));
        Assert.InRange(host.Sidecar.Server.LogEntries.Count, 3, 5);
    }

    [Fact]
    public async Task Entries_that_were_not_refused_are_sent_again_without_delay()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        await using (var scope = host.App.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
            RespondOnce(host, 500, Failed(0));
            db.Publish(new Noted("refused", "r") { EventId = Guid.Empty });
            db.Publish(new Noted("a", "a"));
            await db.SaveChangesAsync(Cancel);
        }

        await host.Sidecar.UntilAsync(requests => requests.Count == 2);

        // On a busy machine the second call may already contain the refused event too.
        Assert.Equal(2, host.Sidecar.Published("noted").Count(entry => Text(entry) == "a"));
    }

    [Fact]
    public async Task Polling_finds_events_without_a_signal()
    {
        await using var host = await fixture.StartAsync(withRelay: true);
        await host.QueryAsync<long>(
            """INSERT INTO outbox (id, topic, key, data) VALUES (gen_random_uuid(), 'noted', 'k', '{"text": "left behind"}') RETURNING position""");

        await AdvanceUntilAsync(host, requests: 1);

        Assert.Equal(["left behind"], (await host.Sidecar.PublishedAsync("noted", 1)).Select(Text));
    }

    [Fact]
    public async Task Commit_of_an_explicit_transaction_wakes_the_relay()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        await using (var scope = host.App.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
            await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
            db.Publish(new Noted("first", "k"));
            await db.SaveChangesAsync(Cancel);
            db.Notes.Add(new Note { Text = "more" });
            await db.SaveChangesAsync(Cancel);
            await transaction.CommitAsync(Cancel);
        }

        Assert.Equal(["first"], (await host.Sidecar.PublishedAsync("noted", 1)).Select(Text));
    }

    [Fact]
    public async Task Recovered_relay_is_healthy_while_the_outbox_is_empty()
    {
        await using var host = await fixture.StartAsync(withRelay: true);
        await host.QueryAsync<string>("ALTER TABLE outbox RENAME TO away; SELECT ''");
        await HealthAsync("outbox", isHealthy: false);

        await host.QueryAsync<string>("ALTER TABLE away RENAME TO outbox; SELECT ''");
        await HealthAsync("outbox", isHealthy: true);

        Task HealthAsync(string check, bool isHealthy) => Wait.UntilAsync($"{check} to be healthy: {isHealthy}", async () =>
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(100));
            return await host.HealthAsync(check) == "Healthy" == isHealthy;
        });
    }

    private static Task AdvanceUntilAsync(MessagingHost host, int requests) => Wait.UntilAsync($"{requests} publishes", () =>
    {
        host.Time.Advance(TimeSpan.FromMilliseconds(10));
        return host.Sidecar.Server.LogEntries.Count >= requests;
    });
}
