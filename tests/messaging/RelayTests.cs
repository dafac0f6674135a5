using System.Text.Json;
using DaprOrders.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using WireMock.Matchers;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Messaging.Tests;

public sealed class RelayTests(MessagingFixture fixture)
{
    private const string Path = "/v1.0/publish/bulk/pubsub/noted";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Committed_events_are_published_in_order_in_one_call_and_leave_the_outbox()
    {
        await using var host = await fixture.StartAsync();
        var ids = await host.PublishAsync(null, "a", "b", "c");

        Assert.Equal(3, await host.Relay.RelayBatchAsync(Cancel));

        var entries = await host.Sidecar.PublishedAsync("noted", 3);
        Assert.Single(host.Sidecar.Server.LogEntries);
        Assert.Equal(["a", "b", "c"], entries.Select(Text));
        Assert.Equal(ids.Select(id => $"{id}"), entries.Select(entry => Metadata(entry, "cloudevent.id")));
        Assert.Equal(["a", "b", "c"], entries.Select(entry => Metadata(entry, "partitionKey")));
        Assert.All(entries, entry => Assert.Equal("noted", Metadata(entry, "cloudevent.type")));
        Assert.Equal("", await host.OutboxAsync());
    }

    [Fact]
    public async Task An_empty_outbox_is_nothing_to_do()
    {
        await using var host = await fixture.StartAsync();

        Assert.Equal(0, await host.Relay.RelayBatchAsync(Cancel));

        Assert.Empty(host.Sidecar.Server.LogEntries);
    }

    [Fact]
    public async Task An_event_of_a_unit_of_work_that_failed_is_never_published()
    {
        await using var host = await fixture.StartAsync();
        await using (var scope = host.App.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
            await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
            db.Publish(new Noted("never", "never"), Guid.NewGuid());
            await db.SaveChangesAsync(Cancel);
            await transaction.RollbackAsync(Cancel);
        }

        Assert.Equal(0, await host.Relay.RelayBatchAsync(Cancel));
    }

    [Fact]
    public async Task What_the_broker_refused_by_name_waits_and_the_rest_goes_again_without_it()
    {
        await using var host = await fixture.StartAsync();
        var ids = await host.PublishAsync(null, "a", "bad", "c");
        AnswerOnce(host, 500, Failed(ids[1]));

        await host.Relay.RelayBatchAsync(Cancel);
        await host.Relay.RelayBatchAsync(Cancel);

        Assert.Equal(["a", "bad", "c", "a", "c"], (await host.Sidecar.PublishedAsync("noted", 5)).Select(Text));
        Assert.Equal("bad", await host.OutboxAsync());
        Assert.Equal(1, await host.QueryAsync<int>("SELECT attempts FROM outbox"));
        Assert.Equal("broker says no", await host.QueryAsync<string>("SELECT last_error FROM outbox"));
    }

    [Fact]
    public async Task Later_events_of_a_refused_events_key_wait_for_it_and_those_of_other_keys_do_not()
    {
        await using var host = await fixture.StartAsync();
        var ids = await host.PublishAsync("k", "k1");
        await host.PublishAsync("k", "k2");
        await host.PublishAsync("other", "o1");
        AnswerOnce(host, 500, Failed(ids[0]));

        await host.Relay.RelayBatchAsync(Cancel);
        await host.Relay.RelayBatchAsync(Cancel);
        Assert.Equal("k1 k2", await host.OutboxAsync());

        await host.QueryAsync<long>("WITH due AS (UPDATE outbox SET not_before = now() RETURNING 1) SELECT count(*) FROM due");
        await host.Relay.RelayBatchAsync(Cancel);
        Assert.Equal("", await host.OutboxAsync());
        Assert.Equal(["k1", "k2"], (await host.Sidecar.PublishedAsync("noted", 6)).Select(Text).TakeLast(2));
    }

    [Fact]
    public async Task When_the_broker_takes_nothing_no_event_is_to_blame_and_the_same_batch_goes_later()
    {
        await using var host = await fixture.StartAsync();
        var ids = await host.PublishAsync(null, "a", "b");
        AnswerOnce(host, 500, Failed(ids));

        Assert.Equal(0, await host.Relay.RelayBatchAsync(Cancel));
        Assert.Equal(0, await host.QueryAsync<int>("SELECT max(attempts) FROM outbox"));
        Assert.InRange(host.Relay.Pause, TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(0.3));
        Assert.Equal(0, await host.Relay.RelayBatchAsync(Cancel));
        Assert.Single(host.Sidecar.Server.LogEntries);

        host.Time.Advance(host.Relay.Pause);
        Assert.Equal(2, await host.Relay.RelayBatchAsync(Cancel));
        Assert.Equal("", await host.OutboxAsync());
    }

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
    public async Task Without_an_answer_the_same_batch_goes_again_after_five_seconds()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:PublishTimeout", "00:00:00.300"));
        await host.PublishAsync(null, "a");
        host.Sidecar.Server.Given(Request.Create().WithPath(Path)).InScenario("slow").WillSetStateTo("quick").AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(204).WithDelay(TimeSpan.FromSeconds(3)));

        Assert.Equal(0, await host.Relay.RelayBatchAsync(Cancel));
        Assert.Equal("a", await host.OutboxAsync());
        Assert.Equal(TimeSpan.FromSeconds(5), host.Relay.Pause);

        host.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, await host.Relay.RelayBatchAsync(Cancel));
        Assert.Equal("", await host.OutboxAsync());
    }

    [Fact]
    public async Task An_outage_is_told_once_however_long_it_lasts()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a");
        host.Sidecar.Server.Given(Request.Create().WithPath(Path)).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500).WithBody("the broker is away"));

        for (var i = 0; i < 2; i++)
        {
            await host.Relay.RelayBatchAsync(Cancel);
            host.Time.Advance(host.Relay.Pause);
        }

        Assert.Contains("the broker is away", Assert.Single(host.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sidecar_that_is_not_there_costs_nothing_but_time()
    {
        await using var host = await fixture.StartAsync(settings: ("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}"));
        await host.PublishAsync(null, "a");

        Assert.Equal(0, await host.Relay.RelayBatchAsync(Cancel));

        Assert.Equal("a", await host.OutboxAsync());
        Assert.Equal(0, await host.QueryAsync<int>("SELECT attempts FROM outbox"));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task A_wrong_component_scope_or_token_is_reported_and_no_event_is_to_blame(int status)
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a");
        AnswerOnce(host, status, """{"errorCode":"ERR_PUBSUB_FORBIDDEN","message":"topic noted is not allowed for app id notes"}""");

        Assert.Equal(0, await host.Relay.RelayBatchAsync(Cancel));
        Assert.Contains("not allowed", Assert.Single(host.Relay.Misconfigured), StringComparison.Ordinal);
        Assert.Equal(0, await host.QueryAsync<int>("SELECT attempts FROM outbox"));

        host.Time.Advance(host.Relay.Pause);
        Assert.Equal(1, await host.Relay.RelayBatchAsync(Cancel));
        Assert.Empty(host.Relay.Misconfigured);
    }

    [Fact]
    public async Task A_batch_that_cannot_be_read_is_halved_until_the_bad_event_stands_alone()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a", "b", "c", "d", "bad", "f", "g", "h");
        host.Sidecar.Server.Given(Request.Create().WithPath(Path).WithBody(new WildcardMatcher("*\"bad\"*"))).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(400).WithBody("""{"errorCode":"ERR_PUBSUB_EVENTS_SER"}"""));

        while (await host.Relay.RelayBatchAsync(Cancel) > 0)
        {
        }

        Assert.Equal("bad", await host.OutboxAsync());
        Assert.Equal(1, await host.QueryAsync<int>("SELECT attempts FROM outbox"));
    }

    [Fact]
    public async Task An_event_that_is_too_large_for_the_broker_becomes_a_dead_letter_and_the_rest_goes_on()
    {
        await using var host = await fixture.StartAsync();
        var ids = await host.PublishAsync(null, "a", "huge");
        AnswerOnce(host, 500, Failed("kafka: invalid configuration (Attempt to produce message larger than configured Producer.MaxMessageBytes: 1536423 > 1048576)", ids[1]));

        await host.Relay.RelayBatchAsync(Cancel);
        await host.Relay.RelayBatchAsync(Cancel);

        Assert.Equal("", await host.OutboxAsync());
        Assert.Equal($"out noted {ids[1]}", await host.QueryAsync<string>("SELECT direction || ' ' || topic || ' ' || event_id FROM dead_letters"));
        Assert.Contains("MaxMessageBytes", await host.QueryAsync<string>("SELECT reason FROM dead_letters"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_carries_no_more_than_its_share_of_bytes_but_a_large_event_still_goes_alone()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:BatchBytes", "1000"));
        await host.PublishAsync("k", new string('x', 2000), "a", "b", new string('y', 960));

        var calls = new List<int>();
        for (var moved = -1; moved != 0; calls.Add(moved))
        {
            moved = await host.Relay.RelayBatchAsync(Cancel);
        }

        Assert.Equal([1, 2, 1, 0], calls);
    }

    [Fact]
    public async Task Two_relays_hand_over_the_events_of_each_key_in_the_order_of_their_commits()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:BatchSize", "7"));
        await using var other = await MessagingHost.StartAsync(
            host.ConnectionString, withRelay: false, [("Messaging:BatchSize", "7")], host.Sidecar);
        for (var i = 0; i < 50; i++)
        {
            await host.PublishAsync("even", $"even {i}");
            await host.PublishAsync("odd", $"odd {i}");
        }

        await Task.WhenAll(DrainAsync(host.Relay), DrainAsync(other.Relay));

        var texts = (await host.Sidecar.PublishedAsync("noted", 100)).Select(Text).ToList();
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"even {i}"), texts.Where(text => text.StartsWith("even", StringComparison.Ordinal)));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"odd {i}"), texts.Where(text => text.StartsWith("odd", StringComparison.Ordinal)));

        static async Task DrainAsync(Relay relay)
        {
            while (await relay.RelayBatchAsync(Cancel) > 0)
            {
            }
        }
    }

    [Fact]
    public async Task Relays_that_are_killed_in_between_repeat_events_but_change_no_keys_order_and_lose_none()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:BatchSize", "7"));
        await using var other = await MessagingHost.StartAsync(
            host.ConnectionString, withRelay: false, [("Messaging:BatchSize", "7")], host.Sidecar);
        var expected = Enumerable.Range(0, 50).ToList();
        foreach (var i in expected)
        {
            await host.PublishAsync("even", $"even {i}");
            await host.PublishAsync("odd", $"odd {i}");
        }

        await using var admin = NpgsqlDataSource.Create(host.ConnectionString);
        var kills = 0;
        host.Sidecar.Server.LogEntriesChanged += (_, _) =>
        {
            // The sidecar has the events, and the relay has not yet deleted them.
            if (Interlocked.Increment(ref kills) % 3 == 0)
            {
                using var kill = admin.CreateCommand(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'outbox relay'");
                kill.ExecuteNonQuery();
            }
        };

        await Task.WhenAll(DrainAsync(host), DrainAsync(other));

        var texts = (await host.Sidecar.PublishedAsync("noted", 100)).Select(Text).ToList();
        Assert.True(texts.Count > 100, "no event was repeated, so no kill hit");
        Assert.Equal(expected, FirstTimes("even"));
        Assert.Equal(expected, FirstTimes("odd"));

        IEnumerable<int> FirstTimes(string key) => texts
            .Where(text => text.StartsWith(key, StringComparison.Ordinal))
            .Select(text => int.Parse(text.Split(' ')[1], null))
            .Distinct();

        static async Task DrainAsync(MessagingHost host)
        {
            while (await host.OutboxAsync() != "")
            {
                try
                {
                    await host.Relay.RelayBatchAsync(Cancel);
                }
                catch (NpgsqlException)
                {
                    // Killed. What it held is free again.
                }
            }
        }
    }

    [Fact]
    public async Task A_relay_that_froze_loses_its_turn_after_ten_seconds()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a");
        await using var frozen = OutboxTable.CreateDataSource(host.ConnectionString);
        await using var connection = await frozen.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        var (batch, _) = await OutboxTable.LockAndReadAsync(connection, [], limit: 200, maxBytes: 1 << 20, Cancel);
        Assert.Single(batch);

        Assert.Equal(1, await host.Relay.RelayBatchAsync(Cancel));

        Assert.Equal("", await host.OutboxAsync());
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => OutboxTable.DeleteAsync(connection, batch, Cancel));
    }

    [Fact]
    public async Task While_it_backs_off_the_relay_is_deaf_to_commits()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:PollInterval", "01:00:00"));
        host.Sidecar.Server.Given(Request.Create().WithPath(Path)).InScenario("down").AtPriority(1)
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

    private static async Task AdvanceUntilAsync(MessagingHost host, int requests)
    {
        while (host.Sidecar.Server.LogEntries.Count < requests)
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }
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

    private static string Text(JsonElement entry) => entry.GetProperty("event").GetProperty("text").GetString()!;

    private static string? Metadata(JsonElement entry, string key) => entry.GetProperty("metadata").GetProperty(key).GetString();

    private static void AnswerOnce(MessagingHost host, int status, string body) =>
        host.Sidecar.Server.Given(Request.Create().WithPath(Path)).InScenario("once").WillSetStateTo("passed").AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(status).WithHeader("Content-Type", "application/json").WithBody(body));

    private static string Failed(params Guid[] ids) => Failed("broker says no", ids);

    private static string Failed(string error, params Guid[] ids) => JsonSerializer.Serialize(new
    {
        failedEntries = ids.Select(id => new { entryId = id, error }),
        errorCode = "ERR_PUBSUB_PUBLISH_MESSAGE",
    });
}
