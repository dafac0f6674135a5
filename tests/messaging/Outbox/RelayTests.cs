using System.Collections.Concurrent;
using System.Text.Json;
using DaprOrders.Stack;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using static DaprOrders.Messaging.Tests.Outbox.BulkPublish;

namespace DaprOrders.Messaging.Tests.Outbox;

/// <summary>Tests how the relay handles each response of the sidecar.</summary>
public sealed class RelayTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Committed_events_are_published_in_order_in_one_call_and_deleted()
    {
        await using var host = await fixture.StartAsync();
        var ids = await host.PublishAsync(null, "a", "b", "c");

        var result = await host.Relay.RelayBatchAsync(Cancel);

        Assert.Equal((3, true), (result.Processed, result.IsOutboxEmpty));
        var entries = await host.Sidecar.PublishedAsync("noted", 3);
        Assert.Single(host.Sidecar.Server.LogEntries);
        Assert.Equal(["a", "b", "c"], entries.Select(Text));
        Assert.Equal(["0", "1", "2"], entries.Select(entry => entry.GetProperty("entryId").GetString()));
        Assert.Equal(ids.Select(id => $"{id}"), entries.Select(entry => Metadata(entry, "cloudevent.id")));
        Assert.Equal(["a", "b", "c"], entries.Select(entry => Metadata(entry, "partitionKey")));
        Assert.All(entries, entry => Assert.Equal("noted", Metadata(entry, "cloudevent.type")));
        Assert.Equal("", await host.OutboxAsync());
    }

    [Fact]
    public async Task Empty_outbox_is_reported_as_empty()
    {
        await using var host = await fixture.StartAsync();

        Assert.Equal(new RelayResult(0, IsOutboxEmpty: true), await host.Relay.RelayBatchAsync(Cancel));

        Assert.Empty(host.Sidecar.Server.LogEntries);
    }

    [Fact]
    public async Task Events_whose_deletion_a_crash_of_PostgreSQL_undoes_are_published_again_with_their_ids()
    {
        // With these settings, nothing writes the relay's commit to the disk before the crash.
        await using var server = await PostgresCluster.StartAsync(new PostgresOptions { IsDurable = true, Settings = ["wal_writer_delay=10s", "wal_writer_flush_after=1GB"] });
        await using var host = await MessagingHost.StartAsync(await MessagingFixture.CreateDatabaseAsync(server), withRelay: false, []);
        var ids = await host.PublishAsync(null, "a", "b");
        await host.Relay.RelayBatchAsync(Cancel);

        await server.CrashServerAsync();
        await server.StartServerAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => host.Relay.RelayBatchAsync(Cancel)); // its connection has ended
        var again = await host.Relay.RelayBatchAsync(Cancel);

        Assert.Equal(2, again.Processed);
        var entries = await host.Sidecar.PublishedAsync("noted", 4);
        Assert.Equal(ids.Concat(ids).Select(id => $"{id}"), entries.Select(entry => Metadata(entry, "cloudevent.id")));
    }

    [Fact]
    public async Task Event_of_a_rolled_back_transaction_is_never_published()
    {
        await using var host = await fixture.StartAsync();
        await using (var scope = host.App.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
            await using var transaction = await db.Database.BeginTransactionAsync(Cancel);
            db.Publish(new Noted("never", "never"));
            await db.SaveChangesAsync(Cancel);
            await transaction.RollbackAsync(Cancel);
        }

        Assert.Equal(0, (await host.Relay.RelayBatchAsync(Cancel)).Processed);
    }

    [Fact]
    public async Task Each_call_contains_events_of_one_topic()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a");
        await host.QueryAsync<int>("WITH other AS (UPDATE outbox SET topic = 'other' RETURNING 1) SELECT 1");
        await host.PublishAsync(null, "b");

        await host.RelayAsync();

        Assert.Equal(
            ["/v1.0/publish/bulk/pubsub/other", Route],
            host.Sidecar.Server.LogEntries.Select(entry => entry.RequestMessage!.Path));
    }

    [Fact]
    public async Task Refused_entry_waits_and_the_others_are_sent_again()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a", "bad", "c");
        RespondOnce(host, 500, Failed(1));

        await host.Relay.RelayBatchAsync(Cancel);
        await host.PostponeRefusedAsync();
        await host.Relay.RelayBatchAsync(Cancel);

        Assert.Equal(["a", "bad", "c", "a", "c"], (await host.Sidecar.PublishedAsync("noted", 5)).Select(Text));
        Assert.Equal("bad", await host.OutboxAsync());
        Assert.Equal(1, await host.QueryAsync<int>("SELECT attempts FROM outbox"));
        Assert.Equal("refused by the broker", await host.QueryAsync<string>("SELECT last_error FROM outbox"));
    }

    [Theory]
    [InlineData(0, 1)] // all entries
    [InlineData(7)] // an entry that was not sent
    public async Task Response_that_lists_no_single_entry_is_treated_as_an_outage(params int[] indexes)
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a", "b");
        RespondOnce(host, 500, Failed(indexes));

        Assert.Equal(0, (await host.Relay.RelayBatchAsync(Cancel)).Processed);
        Assert.Equal(0, await host.QueryAsync<int>("SELECT max(attempts) FROM outbox"));
        Assert.InRange(host.Relay.Pause, TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(0.3));
        Assert.Equal(0, (await host.Relay.RelayBatchAsync(Cancel)).Processed);
        Assert.Single(host.Sidecar.Server.LogEntries);

        host.Time.Advance(host.Relay.Pause);
        Assert.Equal(2, (await host.Relay.RelayBatchAsync(Cancel)).Processed);
        Assert.Equal("", await host.OutboxAsync());
    }

    [Fact]
    public async Task Batch_without_a_response_is_retried_with_the_same_ids_after_five_seconds()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:PublishTimeout", "00:00:00.300"));
        var ids = await host.PublishAsync(null, "a", "b");
        var calls = new ConcurrentQueue<string>(); // recorded on arrival, because WireMock logs a request only after the response
        var firstResponse = new TaskCompletionSource<string>();
        host.Sidecar.Server.Given(Request.Create().WithPath(Route)).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(200).WithBody(request =>
            {
                calls.Enqueue(request.Body!);
                return calls.Count == 1 ? firstResponse.Task : Task.FromResult("");
            }));

        Assert.Equal(0, (await host.Relay.RelayBatchAsync(Cancel)).Processed);
        Assert.Equal("a b", await host.OutboxAsync());
        Assert.Equal(TimeSpan.FromSeconds(5), host.Relay.Pause);

        host.Time.Advance(TimeSpan.FromSeconds(5));
        await host.Relay.RelayBatchAsync(Cancel);
        firstResponse.SetResult("");
        Assert.Equal(2, calls.Count);
        Assert.All(calls, call => Assert.Equal(
            ids.Select(id => $"{id}"), JsonDocument.Parse(call).RootElement.EnumerateArray().Select(entry => Metadata(entry, "cloudevent.id"))));
    }

    [Theory]
    [InlineData(200, "text/html", "<html>")]
    [InlineData(500, "application/json", """{"failedEntries":[null,{"entryId":null},{"entryId":"7"},{"entryId":"-1"}]}""")]
    [InlineData(500, "application/json", """{"failedEntries":5,"errorCode":{}}""")]
    [InlineData(500, "application/json", "null")]
    [InlineData(500, "application/json; charset=unknown", "{}")]
    [InlineData(500, "application/json", """{"failedEntries":[{"entryId":"1","error":"a\u0000b\ud800c"}]}""")]
    public async Task Response_that_Dapr_never_sends_is_retried_and_loses_nothing(int status, string contentType, string body)
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a", "b");
        RespondOnce(host, status, body, contentType);

        await host.Relay.RelayBatchAsync(Cancel);
        await host.QueryAsync<string>("UPDATE outbox SET not_before = now(); SELECT ''");
        await host.RelayThroughOutageAsync(until: "");

        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Fact]
    public async Task Outage_is_logged_once()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a");
        host.Sidecar.Server.Given(Request.Create().WithPath(Route)).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500).WithBody("the broker is unavailable"));

        for (var i = 0; i < 6; i++)
        {
            await host.Relay.RelayBatchAsync(Cancel);
            host.Time.Advance(host.Relay.Pause);
        }

        Assert.Contains("the broker is unavailable", Assert.Single(host.Warnings), StringComparison.Ordinal);
        Assert.Equal(0, await host.QueryAsync<int>("SELECT attempts FROM outbox"));
    }

    [Fact]
    public async Task Unavailable_sidecar_does_not_count_as_a_refusal()
    {
        await using var host = await fixture.StartAsync(settings: ("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{FreePort.Take()}"));
        await host.PublishAsync(null, "a");

        Assert.Equal(0, (await host.Relay.RelayBatchAsync(Cancel)).Processed);

        Assert.Equal("a", await host.OutboxAsync());
        Assert.Equal(0, await host.QueryAsync<int>("SELECT attempts FROM outbox"));
    }

    [Theory]
    [InlineData(400, "ERR_PUBSUB_PUBLISH_OUTBOX")]
    [InlineData(401, "ERR_UNAUTHORIZED")]
    [InlineData(403, "ERR_PUBSUB_FORBIDDEN")]
    [InlineData(404, "ERR_PUBSUB_NOT_FOUND")]
    public async Task Configuration_error_is_reported_and_does_not_count_as_a_refusal(int status, string code)
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a");
        RespondOnce(host, status, $$"""{"errorCode":"{{code}}","message":"topic noted is not allowed for app id notes"}""");

        Assert.Equal(0, (await host.Relay.RelayBatchAsync(Cancel)).Processed);
        Assert.Contains("not allowed", Assert.Single(host.Relay.ConfigurationErrors), StringComparison.Ordinal);
        Assert.Equal(0, await host.QueryAsync<int>("SELECT attempts FROM outbox"));

        host.Time.Advance(host.Relay.Pause);
        Assert.Equal(1, (await host.Relay.RelayBatchAsync(Cancel)).Processed);
        Assert.Empty(host.Relay.ConfigurationErrors);
    }

    [Fact]
    public async Task Unreadable_event_is_isolated_and_becomes_a_dead_letter()
    {
        await using var host = await fixture.StartAsync();
        var ids = await host.PublishAsync(null, "a", "b", "c", "d", "bad", "f", "g", "h");
        RespondTo(host, "\"bad\"", 400, Unreadable);

        await host.RelayAsync();

        Assert.Equal("", await host.OutboxAsync());
        Assert.Equal(
            $"out noted {ids[4]} 1", await host.QueryAsync<string>("SELECT direction || ' ' || topic || ' ' || event_id || ' ' || attempts FROM dead_letters"));
        Assert.Equal(["a", "b", "c", "d", "f", "g", "h"], (await host.Sidecar.PublishedAsync("noted", 7)).Select(Text).Where(text => text != "bad").Distinct());
    }

    [Fact]
    public async Task Event_that_fails_alone_counts_as_refused_if_another_key_succeeds()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync("k", "bad");
        await host.PublishAsync("other", "good");
        RespondTo(host, "\"bad\"", 500, "an error that lists no entry");

        await host.RelayThroughOutageAsync(until: "bad");
        await host.PostponeRefusedAsync();

        Assert.Equal(1, await host.QueryAsync<int>("SELECT attempts FROM outbox"));
        Assert.Equal("bad", await host.OutboxAsync());
    }

    [Fact]
    public async Task Event_that_fails_alone_is_not_refused_if_another_key_fails_too()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync("k", "a");
        await host.PublishAsync("other", "b");
        host.Sidecar.Server.Given(Request.Create().WithPath(Route)).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500).WithBody("an error that lists no entry"));

        for (var i = 0; i < 20; i++)
        {
            await host.Relay.RelayBatchAsync(Cancel);
            host.Time.Advance(host.Relay.Pause);
        }

        Assert.Equal(0, await host.QueryAsync<int>("SELECT max(attempts) FROM outbox"));
        Assert.Equal("a b", await host.OutboxAsync());
    }

    [Fact]
    public async Task Event_refused_for_an_hour_becomes_a_dead_letter()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "bad", "good");
        await host.QueryAsync<int>("WITH refused AS (UPDATE outbox SET attempts = 124 WHERE key = 'bad' RETURNING 1) SELECT 1");
        RespondOnce(host, 500, Failed(0));

        await host.Relay.RelayBatchAsync(Cancel);

        Assert.Equal("good", await host.OutboxAsync());
        Assert.Equal(125, await host.QueryAsync<int>("SELECT attempts FROM dead_letters"));
        Assert.Equal("refused by the broker", await host.QueryAsync<string>("SELECT reason FROM dead_letters"));
    }

    [Theory]
    [InlineData("message too large")]
    [InlineData("kafka: Attempt to produce message larger than configured Producer.MaxMessageBytes")]
    public async Task Text_of_an_error_does_not_change_the_handling(string error)
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a", "b");
        RespondOnce(host, 500, Failed(1).Replace("refused by the broker", error, StringComparison.Ordinal));

        await host.Relay.RelayBatchAsync(Cancel);

        Assert.Equal("a b", await host.OutboxAsync());
        Assert.Equal(1, await host.QueryAsync<int>("SELECT attempts FROM outbox WHERE key = 'b'"));
    }

    [Fact]
    public async Task Call_size_is_limited_and_a_larger_event_is_sent_alone()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:BatchBytes", "1000"));
        await host.PublishAsync("1", new string('x', 2000));
        await host.PublishAsync("2", "a");
        await host.PublishAsync("3", "b");
        await host.PublishAsync("4", new string('y', 960));

        var calls = new List<int>();
        for (RelayResult? result = null; result is not { Processed: 0 };)
        {
            result = await host.Relay.RelayBatchAsync(Cancel);
            calls.Add(result.Processed);
        }

        Assert.Equal([1, 2, 1, 0], calls);
    }

    [Fact]
    public async Task Nothing_is_published_while_the_database_is_read_only()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a");
        var database = new NpgsqlConnectionStringBuilder(host.ConnectionString).Database;
        await host.QueryAsync<string>($"ALTER DATABASE \"{database}\" SET default_transaction_read_only = on; SELECT ''");

        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Relay.RelayBatchAsync(Cancel));

        Assert.Empty(host.Sidecar.Server.LogEntries);
    }
}
