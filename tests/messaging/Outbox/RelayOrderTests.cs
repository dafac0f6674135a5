using System.Text.Json;
using DaprOrders.Stack;
using Npgsql;
using static DaprOrders.Messaging.Tests.Outbox.BulkPublish;

namespace DaprOrders.Messaging.Tests.Outbox;

/// <summary>Tests that events with the same key reach the sidecar in order, with one or several relays.</summary>
public sealed class RelayOrderTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_relays_publish_the_events_of_each_key_in_commit_order()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:BatchSize", "7"));
        await using var other = await MessagingHost.StartAsync(
            host.ConnectionString, withRelay: false, [("Messaging:BatchSize", "7")], host.Sidecar);
        for (var i = 0; i < 50; i++)
        {
            await host.PublishAsync("even", $"even {i}");
            await host.PublishAsync("odd", $"odd {i}");
        }

        await Task.WhenAll(host.RelayAsync(), other.RelayAsync());

        var texts = (await host.Sidecar.PublishedAsync("noted", 100)).Select(Text).ToList();
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"even {i}"), texts.Where(text => text.StartsWith("even", StringComparison.Ordinal)));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"odd {i}"), texts.Where(text => text.StartsWith("odd", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Killed_relay_may_duplicate_events_but_keeps_all_of_them_in_order()
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
            // At this moment the sidecar has the events and the relay has not deleted them yet.
            if (Interlocked.Increment(ref kills) % 3 == 0)
            {
                using var kill = admin.CreateCommand(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'outbox relay'");
                kill.ExecuteNonQuery();
            }
        };

        await Task.WhenAll(DrainAsync(host), DrainAsync(other));

        var texts = (await host.Sidecar.PublishedAsync("noted", 100)).Select(Text).ToList();
        Assert.True(texts.Count > 100, "No event was duplicated, so no relay was killed at the right moment");
        Assert.Equal(expected, FirstTimes("even"));
        Assert.Equal(expected, FirstTimes("odd"));

        IEnumerable<int> FirstTimes(string key) => texts
            .Where(text => text.StartsWith(key, StringComparison.Ordinal))
            .Select(text => int.Parse(text.Split(' ')[1], null))
            .Distinct();

        static Task DrainAsync(MessagingHost host) => Wait.UntilAsync("an empty outbox", async () =>
        {
            try
            {
                await host.Relay.RelayBatchAsync(Cancel);
            }
            catch (NpgsqlException)
            {
                // This relay was killed. Its rows are unlocked again.
            }

            return await host.OutboxAsync() == "";
        });
    }

    [Fact]
    public async Task Frozen_relay_loses_its_lock_after_ten_seconds()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a");
        await using var frozen = OutboxTable.CreateDataSource(host.ConnectionString);
        await using var connection = await frozen.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        var batch = await OutboxTable.LockAndReadAsync(connection, new BatchLimits([], [], MaxRows: 200, MaxBytes: 1 << 20), Cancel);
        Assert.Single(batch.Rows);
        await using var limit = new NpgsqlCommand("SHOW idle_in_transaction_session_timeout", connection);
        Assert.Equal("10s", await limit.ExecuteScalarAsync(Cancel));
        await using var shorter = new NpgsqlCommand("SET LOCAL idle_in_transaction_session_timeout = '300ms'", connection);
        await shorter.ExecuteNonQueryAsync(Cancel);

        Assert.Equal(1, (await host.Relay.RelayBatchAsync(Cancel)).Processed);

        Assert.Equal("", await host.OutboxAsync());
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => OutboxTable.DeleteAndCommitAsync(connection, batch.Rows, Cancel));
    }

    [Fact]
    public async Task Refused_event_delays_only_later_events_with_its_key()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync("k", "k1");
        await host.PublishAsync("k", "k2");
        await host.PublishAsync("other", "o1");
        RespondOnce(host, 500, Failed(0));

        await host.Relay.RelayBatchAsync(Cancel);
        await host.PostponeRefusedAsync();
        await host.Relay.RelayBatchAsync(Cancel);
        Assert.Equal("k1 k2", await host.OutboxAsync());

        await host.QueryAsync<long>("WITH due AS (UPDATE outbox SET not_before = now() RETURNING 1) SELECT count(*) FROM due");
        await host.RelayAsync();
        Assert.Equal("", await host.OutboxAsync());
        Assert.Equal(["k1", "k2"], (await host.Sidecar.PublishedAsync("noted", 5)).Select(Text).TakeLast(2));
    }

    [Fact]
    public async Task Each_call_contains_at_most_one_event_per_key()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync("k", "k1");
        await host.PublishAsync("k", "k2");
        await host.PublishAsync("other", "o1");

        await host.RelayAsync();

        var calls = host.Sidecar.Server.LogEntries
            .Select(entry => JsonSerializer.Deserialize<List<JsonElement>>(entry.RequestMessage!.Body!)!.ConvertAll(Text));
        Assert.Equal([["k1", "o1"], ["k2"]], calls);
    }
}
