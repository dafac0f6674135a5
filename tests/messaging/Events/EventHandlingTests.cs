using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DaprOrders.Testing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Messaging.Tests.Events;

public sealed class EventHandlingTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_of_a_delivery_are_handled_in_one_batch()
    {
        await using var host = await fixture.StartAsync();

        var statuses = await host.Client.DeliverAsync("noted", [.. Enumerable.Range(0, 100).Select(i => Event($"{i}"))]);

        Assert.Equal(Enumerable.Repeat("SUCCESS", 100), statuses);
        Assert.Equal(100, Assert.Single(host.Handler.Calls).Length);
        Assert.Equal(100L, await host.QueryAsync<long>("SELECT count(*) FROM notes"));
    }

    [Fact]
    public async Task Unknown_fields_are_ignored()
    {
        await using var host = await fixture.StartAsync();
        var message = Event("a");
        message["data"]!["later"] = new JsonObject { ["version"] = 2 };

        Assert.Equal(["SUCCESS"], await host.Client.DeliverAsync("noted", message));
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM notes"));
    }

    [Theory]
    [InlineData("""{"id":"x","data":{}}""")]
    [InlineData("""{"id":"x","data":{"text":null,"by":"k"}}""")]
    [InlineData("""{"id":"x","data":{"text":5,"by":"k"}}""")]
    [InlineData("""{"id":"x","data":"dGV4dA=="}""")]
    [InlineData("""{"id":"x"}""")]
    [InlineData("""{"hello":"world"}""")]
    [InlineData("\"a text\"")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task Unreadable_event_becomes_a_dead_letter_without_blocking_the_batch(string bad)
    {
        await using var host = await fixture.StartAsync();
        var events = Enumerable.Range(0, 99).Select(i => (JsonNode?)Event($"{i}")).ToList();
        events.Insert(50, JsonNode.Parse(bad));

        var statuses = await host.Client.DeliverAsync("noted", [.. events]);

        Assert.Equal(Enumerable.Repeat("SUCCESS", 100), statuses);
        Assert.Equal(99, Assert.Single(host.Handler.Calls).Length);
        Assert.Equal("in noted", await host.QueryAsync<string>("SELECT direction || ' ' || topic FROM dead_letters"));
        Assert.Equal(JsonNode.Parse(bad)?.ToJsonString() ?? "null", await host.QueryAsync<string>("SELECT convert_from(body, 'UTF8') FROM dead_letters"));
        Assert.NotEqual("", await host.QueryAsync<string>("SELECT reason FROM dead_letters"));
    }

    [Theory]
    [InlineData("""{"id":"\ud800","data":{"text":"bad","by":"k"}}""")]
    [InlineData("""{"id":"x","data":{"text":"bad","by":"k"},"\ud800":1}""")]
    [InlineData("""{"id":"x","data":{"text":"\ud800","by":"k"}}""")]
    public async Task Event_with_half_a_surrogate_pair_becomes_a_dead_letter_without_blocking_the_batch(string bad)
    {
        await using var host = await fixture.StartAsync();

        Assert.Equal("SUCCESS SUCCESS", await DeliverTextAsync(host, Event("good").ToJsonString(), bad));

        Assert.Equal("good", await host.QueryAsync<string>("SELECT string_agg(text, ' ') FROM notes"));
        Assert.Equal(bad, await host.QueryAsync<string>("SELECT convert_from(body, 'UTF8') FROM dead_letters"));
    }

    [Fact]
    public async Task Deeply_nested_unknown_field_is_ignored()
    {
        await using var host = await fixture.StartAsync();
        var nested = $$$"""{"id":"x","data":{"text":"nested","by":"k","more":{{{new string('[', 9_000)}}}{{{new string(']', 9_000)}}}}}""";

        Assert.Equal("SUCCESS SUCCESS", await DeliverTextAsync(host, Event("good").ToJsonString(), nested));

        Assert.Equal("good nested", await host.QueryAsync<string>("SELECT string_agg(text, ' ' ORDER BY text) FROM notes"));
    }

    [Fact]
    public async Task Event_that_violates_a_validation_attribute_becomes_a_dead_letter_at_once()
    {
        await using var host = await fixture.StartAsync();

        Assert.Equal(["SUCCESS", "SUCCESS"], await host.Client.DeliverAsync("noted", Event(new string('a', 101)), Event("good")));

        Assert.Equal([["good"]], host.Handler.Calls);
        Assert.Contains("maximum length of 100", await host.QueryAsync<string>("SELECT reason FROM dead_letters"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("com.dapr.event.sent")]
    [InlineData(null)]
    public async Task Event_of_a_publisher_that_names_no_type_is_handled(string? type)
    {
        await using var host = await fixture.StartAsync();
        var message = Event("a");
        message["type"] = type;
        if (type is null)
        {
            message.Remove("type");
        }

        Assert.Equal(["SUCCESS"], await host.Client.DeliverAsync("noted", message));

        Assert.Equal([["a"]], host.Handler.Calls);
    }

    [Theory]
    [InlineData("\"noted.v2\"")]
    [InlineData("\"\"")]
    [InlineData("null")]
    [InlineData("5")]
    public async Task Event_of_another_type_becomes_a_dead_letter(string type)
    {
        await using var host = await fixture.StartAsync();
        var message = Event("a");
        message["type"] = JsonNode.Parse(type);

        Assert.Equal(["SUCCESS", "SUCCESS"], await host.Client.DeliverAsync("noted", message, Event("good")));

        Assert.Equal([["good"]], host.Handler.Calls);
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Theory]
    [InlineData("id")]
    [InlineData("source")]
    public async Task Surrogate_pair_that_does_not_fit_into_its_column_is_cut_off(string attribute)
    {
        await using var host = await fixture.StartAsync();
        var bad = Event("bad");
        bad["data"] = 5;
        bad[attribute] = new string('a', 254) + "\ud83d\ude00";

        Assert.Equal(["SUCCESS", "SUCCESS"], await host.Client.DeliverAsync("noted", bad, Event("good")));

        Assert.Equal([["good"]], host.Handler.Calls);
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters WHERE length(event_id || source) >= 255"));
    }

    [Fact]
    public async Task Event_that_always_fails_becomes_a_dead_letter_within_the_delivery()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Failures["bad"] = new InvalidOperationException("handler failed");

        var statuses = await host.Client.DeliverAsync("noted", Event("a"), Event("bad", "the-id"), Event("c"));

        Assert.Equal(["SUCCESS", "SUCCESS", "SUCCESS"], statuses);
        Assert.Equal([["a", "bad", "c"], ["a"], ["bad"], ["c"], .. Enumerable.Repeat<string[]>(["bad"], 4)], host.Handler.Calls);
        Assert.Equal("a c", await host.QueryAsync<string>("SELECT string_agg(text, ' ' ORDER BY id) FROM notes"));
        Assert.Equal(
            "test the-id 5 InvalidOperationException: handler failed",
            await host.QueryAsync<string>("SELECT source || ' ' || event_id || ' ' || attempts || ' ' || reason FROM dead_letters"));
        Assert.Equal(
            SHA256.HashData(Encoding.UTF8.GetBytes("""{"text":"bad","by":"bad"}""")), await host.QueryAsync<byte[]>("SELECT data_hash FROM dead_letters"));
    }

    [Fact]
    public async Task Event_that_fails_once_is_handled_at_the_next_attempt()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Failures["late"] = new InvalidOperationException();
        host.Handler.Before = (_, _) =>
        {
            if (host.Handler.Calls.Count == 4)
            {
                host.Handler.Failures.Clear();
            }

            return Task.CompletedTask;
        };

        Assert.Equal(["SUCCESS", "SUCCESS"], await host.Client.DeliverAsync("noted", Event("late"), Event("b")));

        Assert.Equal("b late", await host.QueryAsync<string>("SELECT string_agg(text, ' ' ORDER BY id) FROM notes"));
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Fact]
    public async Task Dead_letter_does_not_block_an_event_with_the_same_id()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "1"));
        host.Handler.Failures["bad"] = new InvalidOperationException();
        var bad = Event("bad", "the-id");
        Assert.Equal(["SUCCESS"], await host.Client.DeliverAsync("noted", bad));
        host.Handler.Calls.Clear();
        host.Handler.Failures.Clear();

        Assert.Equal(["SUCCESS", "SUCCESS"], await host.Client.DeliverAsync("noted", bad, Event("good", "the-id")));

        Assert.Equal([["bad", "good"]], host.Handler.Calls);
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Fact]
    public async Task Repeated_dead_letter_adds_its_attempts_to_the_same_row()
    {
        await using var host = await fixture.StartAsync();
        var bad = JsonNode.Parse("""{"id":"x","source":"s","data":{}}""");

        await host.Client.DeliverAsync("noted", bad);
        await host.Client.DeliverAsync("noted", bad);
        await host.Client.DeliverAsync("noted", JsonNode.Parse("""{"id":"x","source":"other","data":{}}"""), JsonNode.Parse("""{"id":"x","source":"s","data":{"a":1}}"""));

        Assert.Equal("2 1 1", await host.QueryAsync<string>("SELECT string_agg(attempts::text, ' ' ORDER BY id) FROM dead_letters"));
    }

    [Fact]
    public async Task Transient_failure_redelivers_the_whole_batch_without_counting()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Failures["b"] = new TimeoutException();

        Assert.Equal(["RETRY", "RETRY", "RETRY"], await host.Client.DeliverAsync("noted", Event("a"), Event("b"), Event("c")));
        Assert.Equal([["a", "b", "c"]], host.Handler.Calls);
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM notes"));

        await host.Client.DeliverAsync("noted", Event("a"), Event("b"), Event("c"));
        Assert.Single(host.Warnings); // logged once, because Dapr redelivers several times a second

        host.Handler.Failures.Clear();
        Assert.Equal(["SUCCESS", "SUCCESS", "SUCCESS"], await host.Client.DeliverAsync("noted", Event("a"), Event("b"), Event("c")));
    }

    [Fact]
    public async Task Transient_failure_stops_handling_one_by_one()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Failures["bad"] = new InvalidOperationException();
        host.Handler.Failures["busy"] = new TimeoutException();

        var statuses = await host.Client.DeliverAsync("noted", Event("a"), Event("bad"), Event("busy"), Event("d"));

        Assert.Equal(["SUCCESS", "RETRY", "RETRY", "RETRY"], statuses);
    }

    [Fact]
    public async Task Later_events_of_a_failed_events_key_wait_until_it_is_a_dead_letter()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "2"));
        host.Handler.Failures["k1"] = new InvalidOperationException();

        var statuses = await host.Client.DeliverAsync("noted", Event("k1", key: "k"), Event("k2", key: "k"), Event("o1", key: "o"));

        Assert.Equal(["SUCCESS", "SUCCESS", "SUCCESS"], statuses);
        Assert.Equal([["k1", "k2", "o1"], ["k1"], ["o1"], ["k1"], ["k2"]], host.Handler.Calls);
    }

    [Fact]
    public async Task Repeated_unique_violation_becomes_a_dead_letter()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "2"));
        await host.QueryAsync<string>("CREATE UNIQUE INDEX ON notes (text); INSERT INTO notes (text) VALUES ('twice'); SELECT ''");

        Assert.Equal(["SUCCESS", "SUCCESS"], await host.Client.DeliverAsync("noted", Event("twice", "the-id"), Event("good")));

        Assert.Equal("good twice", await host.QueryAsync<string>("SELECT string_agg(text, ' ' ORDER BY text) FROM notes"));
        Assert.Equal("the-id", await host.QueryAsync<string>("SELECT event_id FROM dead_letters"));
        Assert.Contains("DbUpdateException", await host.QueryAsync<string>("SELECT reason FROM dead_letters"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Duplicate_is_retried_once_within_the_delivery()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Failures["a"] = new DbUpdateConcurrencyException();
        host.Handler.Before = (_, _) =>
        {
            if (host.Handler.Calls.Count == 2)
            {
                host.Handler.Failures.Clear();
            }

            return Task.CompletedTask;
        };

        Assert.Equal(["SUCCESS", "SUCCESS"], await host.Client.DeliverAsync("noted", Event("a"), Event("b")));

        Assert.Equal([["a", "b"], ["a", "b"]], host.Handler.Calls);
        Assert.Equal(2L, await host.QueryAsync<long>("SELECT count(*) FROM notes"));
    }

    [Theory]
    [InlineData("SET TRANSACTION READ ONLY")] // 25006
    [InlineData("SET LOCAL lock_timeout = '1ms'; LOCK TABLE locked")] // 55P03
    [InlineData("SET LOCAL statement_timeout = '1ms'; SELECT pg_sleep(1)")] // 57014
    public async Task Read_only_locked_or_slow_database_does_not_count_as_a_failed_attempt(string sql)
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "1"));
        await host.QueryAsync<string>("CREATE TABLE locked (); SELECT ''");
        await using var source = NpgsqlDataSource.Create(host.ConnectionString);
        await using var connection = await source.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await using var hold = new NpgsqlCommand("LOCK TABLE locked", connection);
        await hold.ExecuteNonQueryAsync(Cancel);
        host.Handler.Before = (db, _) => db.Database.ExecuteSqlRawAsync(sql, Cancel);

        Assert.Equal(["RETRY"], await host.Client.DeliverAsync("noted", Event("a")));

        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Fact]
    public async Task Transaction_ended_by_the_idle_timeout_does_not_count_as_a_failed_attempt()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "1"));
        host.Handler.Before = async (db, _) =>
        {
            // PostgreSQL ends the session of a process that is idle in a transaction, for example frozen: 25P03.
            await db.Database.ExecuteSqlRawAsync("SET LOCAL idle_in_transaction_session_timeout = '1ms'", Cancel);
            await DaprOrders.Stack.Wait.UntilAsync("PostgreSQL to end the session", async () => await host.QueryAsync<long>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'") == 0);
        };

        Assert.Equal(["RETRY"], await host.Client.DeliverAsync("noted", Event("a")));

        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Fact]
    public async Task Missing_table_is_logged_once_a_minute_and_reported_as_degraded()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "1"));
        await host.QueryAsync<string>("ALTER TABLE notes RENAME TO away; SELECT ''");

        Assert.Equal(["RETRY", "RETRY"], await host.Client.DeliverAsync("noted", Event("a"), Event("b")));
        Assert.Equal(["RETRY"], await host.Client.DeliverAsync("noted", Event("a")));
        Assert.Contains("check the migrations", Assert.Single(host.Warnings), StringComparison.Ordinal);
        Assert.Contains("noted", await host.HealthAsync("handlers"), StringComparison.Ordinal);

        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["RETRY"], await host.Client.DeliverAsync("noted", Event("a")));
        Assert.Equal(2, host.Warnings.Count());
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));

        await host.QueryAsync<string>("ALTER TABLE away RENAME TO notes; SELECT ''");
        Assert.Equal(["SUCCESS"], await host.Client.DeliverAsync("noted", Event("a")));
        Assert.Equal("Healthy", await host.HealthAsync("handlers"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("""{"entries":5}""")]
    public async Task Body_that_is_not_a_bulk_delivery_is_rejected(string body)
    {
        await using var host = await fixture.StartAsync();
        using var content = new StringContent(body, null, "application/json");

        using var response = await host.Client.PostAsync(new Uri("/events/noted", UriKind.Relative), content, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("entries", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5", "")]
    [InlineData("""{"event":{}}""", "")]
    [InlineData("""{"entryId":7,"event":{}}""", "7")]
    [InlineData("""{"entryId":"1","event":{},"\ud800":1}""", "1")]
    public async Task Entry_with_a_malformed_id_or_name_becomes_a_dead_letter_and_the_next_one_is_handled(string entry, string id)
    {
        await using var host = await fixture.StartAsync();
        var next = Deliveries.Event("noted", new { text = "next", by = "k" });
        using var content = new StringContent($$"""{"entries":[{{entry}},{"entryId":"2","event":{{next.ToJsonString()}}}]}""", null, "application/json");

        using var response = await host.Client.PostAsync(new Uri("/events/noted", UriKind.Relative), content, Cancel);

        Assert.Equal(
            $$"""{"statuses":[{"entryId":"{{id}}","status":"SUCCESS"},{"entryId":"2","status":"SUCCESS"}]}""", await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("next", await host.QueryAsync<string>("SELECT string_agg(text, ' ') FROM notes"));
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Theory]
    [InlineData("this is no json")]
    [InlineData("nul \0 and \u00e9")]
    [InlineData("""{"id":"a\u0000b","data":1}""")]
    [InlineData("""{"id":"\ud800","n":1e999}""")]
    public async Task Record_that_Dapr_cannot_deliver_is_stored_byte_for_byte_in_one_row(string text)
    {
        await using var host = await fixture.StartAsync();
        var record = Encoding.UTF8.GetBytes(text);

        for (var delivery = 1; delivery <= 2; delivery++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/events/notes.dead");
            request.Headers.TryAddWithoutValidation("__topic", "noted");
            request.Content = JsonContent.Create(new { data_base64 = record, id = Guid.NewGuid(), topic = "notes.dead" });
            using var response = await host.Client.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(record, await host.QueryAsync<byte[]>("SELECT body FROM dead_letters WHERE topic = 'noted' AND attempts = 2"));
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Theory]
    [InlineData("noted", "noted")]
    [InlineData("of another service", "notes.dead")]
    public async Task Topic_of_a_record_without_the_header_is_the_topic_of_its_event(string topic, string stored)
    {
        await using var host = await fixture.StartAsync();
        var message = Event("a");
        message["topic"] = topic;
        using var content = JsonContent.Create(new { data_base64 = Encoding.UTF8.GetBytes(message.ToJsonString()) });

        using var response = await host.Client.PostAsync(new Uri("/events/notes.dead", UriKind.Relative), content, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(stored, await host.QueryAsync<string>("SELECT topic FROM dead_letters"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("{}")]
    [InlineData("""{"data_base64":5}""")]
    [InlineData("""{"data_base64":"?"}""")]
    [InlineData("""{"data_base64":"\ud800"}""")]
    public async Task Delivery_to_the_dead_letter_topic_without_a_record_is_stored_as_it_is(string body)
    {
        await using var host = await fixture.StartAsync();
        using var content = new StringContent(body, null, "application/cloudevents+json");
        content.Headers.Add("__topic", new string('t', 300));

        using var response = await host.Client.PostAsync(new Uri("/events/notes.dead", UriKind.Relative), content, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(body, await host.QueryAsync<string>("SELECT convert_from(body, 'UTF8') FROM dead_letters"));
    }

    /// <summary>Delivers events with values that <see cref="JsonNode"/> cannot contain, and returns the statuses.</summary>
    private static async Task<string> DeliverTextAsync(MessagingHost host, params string[] events)
    {
        var entries = events.Select((message, i) => $$"""{"entryId":"{{i}}","event":{{message}}}""");
        using var content = new StringContent($$"""{"entries":[{{string.Join(',', entries)}}]}""", null, "application/json");
        using var response = await host.Client.PostAsync(new Uri("/events/noted", UriKind.Relative), content, Cancel);
        var result = JsonNode.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Cancel))!;
        return string.Join(' ', result["statuses"]!.AsArray().Select(status => $"{status!["status"]}"));
    }

    private static JsonObject Event(string text, string? id = null, string? key = null) =>
        Deliveries.Event("noted", new { text, by = key ?? text }, id);
}
