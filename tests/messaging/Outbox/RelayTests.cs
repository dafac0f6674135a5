using System.Collections.Concurrent;
using System.Text.Json;
using DaprOrders.Stack;
using Microsoft.Extensions.DependencyInjection;
using WireMock.Matchers;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using static DaprOrders.Messaging.Tests.Outbox.BulkPublish;

namespace DaprOrders.Messaging.Tests.Outbox;

/// <summary>What the relay does with each answer of the sidecar.</summary>
public sealed class RelayTests(MessagingFixture fixture)
{
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
        await host.PostponeRefusedAsync();
        await host.Relay.RelayBatchAsync(Cancel);

        Assert.Equal(["a", "bad", "c", "a", "c"], (await host.Sidecar.PublishedAsync("noted", 5)).Select(Text));
        Assert.Equal("bad", await host.OutboxAsync());
        Assert.Equal(1, await host.QueryAsync<int>("SELECT attempts FROM outbox"));
        Assert.Equal("broker says no", await host.QueryAsync<string>("SELECT last_error FROM outbox"));
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
    public async Task Batch_without_a_response_is_published_again_with_the_same_ids_after_five_seconds()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:PublishTimeout", "00:00:00.300"));
        var ids = await host.PublishAsync(null, "a", "b");
        var calls = new ConcurrentQueue<string>(); // as they arrive: WireMock logs a request when it has responded
        var firstResponse = new TaskCompletionSource<string>();
        host.Sidecar.Server.Given(Request.Create().WithPath(Route)).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(200).WithBody(request =>
            {
                calls.Enqueue(request.Body!);
                return calls.Count == 1 ? firstResponse.Task : Task.FromResult("");
            }));

        Assert.Equal(0, await host.Relay.RelayBatchAsync(Cancel));
        Assert.Equal("a b", await host.OutboxAsync());
        Assert.Equal(TimeSpan.FromSeconds(5), host.Relay.Pause);

        host.Time.Advance(TimeSpan.FromSeconds(5));
        await host.Relay.RelayBatchAsync(Cancel);
        firstResponse.SetResult("");
        Assert.Equal(2, calls.Count);
        Assert.All(calls, call => Assert.Equal(
            ids.Select(id => $"{id}"), JsonDocument.Parse(call).RootElement.EnumerateArray().Select(entry => Metadata(entry, "cloudevent.id"))));
    }

    [Fact]
    public async Task An_outage_is_told_once_however_long_it_lasts()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync(null, "a");
        host.Sidecar.Server.Given(Request.Create().WithPath(Route)).AtPriority(1)
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
        host.Sidecar.Server.Given(Request.Create().WithPath(Route).WithBody(new WildcardMatcher("*\"bad\"*"))).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(400).WithBody("""{"errorCode":"ERR_PUBSUB_EVENTS_SER"}"""));

        await Wait.UntilAsync("nothing left to do", async () => await host.Relay.RelayBatchAsync(Cancel) == 0);

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
}
