using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.Extensions.DependencyInjection;
using static DaprOrders.Messaging.Tests.Outbox.BulkPublish;

namespace DaprOrders.Messaging.Tests.DeadLetters;

public sealed class DeadLetterTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Dead_letters_are_listed_newest_first_with_their_reason_but_without_their_events()
    {
        await using var host = await fixture.StartAsync();
        await host.Client.DeliverAsync("noted", JsonNode.Parse("""{"id":"first","data":{}}"""), JsonNode.Parse("""{"id":"second","data":5}"""));

        var page = await ListAsync(host);

        var letters = page.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["second", "first"], letters.Select(letter => letter.GetProperty("event_id").GetString()));
        Assert.False(letters[1].TryGetProperty("event", out _));
        Assert.Contains("text", letters[1].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, page.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task One_dead_letter_is_read_with_its_event()
    {
        await using var host = await fixture.StartAsync();
        await host.Client.DeliverAsync("noted", JsonNode.Parse("""{"id":"first","data":{}}"""));
        var id = await host.QueryAsync<long>("SELECT id FROM dead_letters");

        var letter = await host.Client.GetFromJsonAsync<JsonElement>($"/dead-letters/{id}", Cancel);
        using var unknown = await host.Client.GetAsync(new Uri($"/dead-letters/{id + 1}", UriKind.Relative), Cancel);

        Assert.Equal("""{"id":"first","data":{}}""", letter.GetProperty("event").GetString());
        Assert.Equal("first", letter.GetProperty("event_id").GetString());
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task Event_that_is_not_text_is_read_as_base64()
    {
        await using var host = await fixture.StartAsync();
        await host.QueryAsync<string>(
            "INSERT INTO dead_letters (direction, topic, source, event_id, data_hash, body, reason, attempts) VALUES ('in', 'noted', '', '', '', '\\xff00', '', 1); SELECT ''");
        var id = await host.QueryAsync<long>("SELECT id FROM dead_letters");

        var letter = await host.Client.GetFromJsonAsync<JsonElement>($"/dead-letters/{id}", Cancel);

        Assert.Equal([0xff, 0], letter.GetProperty("event_base64").GetBytesFromBase64());
        Assert.Equal(JsonValueKind.Null, letter.GetProperty("event").ValueKind);
    }

    [Fact]
    public async Task Long_list_is_split_into_pages()
    {
        await using var host = await fixture.StartAsync();
        await host.Client.DeliverAsync("noted", [.. Enumerable.Range(0, 5).Select(i => JsonNode.Parse($$"""{"id":"{{i}}","data":5}"""))]);

        var ids = new List<string?>();
        for (var query = "?limit=2"; query != "";)
        {
            var page = await ListAsync(host, query);
            ids.AddRange(page.GetProperty("items").EnumerateArray().Select(letter => letter.GetProperty("event_id").GetString()));
            query = page.GetProperty("next").GetString() is { } next ? $"?limit=2&cursor={next}" : "";
        }

        Assert.Equal(["4", "3", "2", "1", "0"], ids);
    }

    [Fact]
    public async Task Redriven_event_is_handled_once_and_its_dead_letter_is_deleted()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "1"));
        var id = await CreateDeadLetterAsync(host, "bad");
        host.Handler.Failures.Clear();

        var responses = await Task.WhenAll(RedriveAsync(host, id), RedriveAsync(host, id));

        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NotFound], responses.Order());
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM notes"));
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Fact]
    public async Task Failed_redrive_keeps_the_dead_letter_with_the_new_reason()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "1"));
        var id = await CreateDeadLetterAsync(host, "bad");
        host.Handler.Failures["bad"] = new InvalidOperationException("still bad");

        using var response = await host.Client.PostAsync(new Uri($"/dead-letters/{id}/redrive", UriKind.Relative), null, Cancel);

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("still bad", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal("2 InvalidOperationException: still bad", await host.QueryAsync<string>("SELECT attempts || ' ' || reason FROM dead_letters"));
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM notes"));
    }

    [Fact]
    public async Task Unreadable_event_cannot_be_redriven()
    {
        await using var host = await fixture.StartAsync();
        await host.Client.DeliverAsync("noted", JsonNode.Parse("""{"id":"x","data":{}}"""));

        Assert.Equal(HttpStatusCode.Conflict, await RedriveAsync(host, await host.QueryAsync<long>("SELECT id FROM dead_letters")));
    }

    [Fact]
    public async Task Redriven_outgoing_event_is_published_with_its_original_id_and_key()
    {
        await using var host = await fixture.StartAsync();
        await host.PublishAsync("the key", "bad");
        RespondOnce(host, 400, Unreadable);
        await host.Relay.RelayBatchAsync(Cancel);
        var letter = await host.QueryAsync<long>("SELECT id FROM dead_letters WHERE direction = 'out'");

        Assert.Equal(HttpStatusCode.NoContent, await RedriveAsync(host, letter));
        Assert.Equal(1, (await host.Relay.RelayBatchAsync(Cancel)).Processed);

        var entries = await host.Sidecar.PublishedAsync("noted", 2);
        Assert.Equal(entries[0].GetRawText(), entries[1].GetRawText());
        Assert.Equal("the key", entries[1].GetProperty("metadata").GetProperty("partitionKey").GetString());
    }

    [Fact]
    public async Task Dead_letter_can_be_deleted()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "1"));
        var uri = new Uri($"/dead-letters/{await CreateDeadLetterAsync(host, "bad")}", UriKind.Relative);

        using var first = await host.Client.DeleteAsync(uri, Cancel);
        using var second = await host.Client.DeleteAsync(uri, Cancel);

        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NotFound], [first.StatusCode, second.StatusCode]);
    }

    [Fact]
    public async Task Filter_selects_the_dead_letters_to_list_redrive_and_delete()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "1"));
        await CreateDeadLetterAsync(host, "a");
        await CreateDeadLetterAsync(host, "b");
        await host.Client.DeliverAsync("noted", JsonNode.Parse("""{"id":"unreadable","data":5}"""));
        host.Handler.Failures.Remove("a");

        var listed = await ListAsync(host, "?topic=noted&reason=handler failed");
        using var redriven = await host.Client.PostAsync(new Uri("/dead-letters/redrive?topic=noted&reason=handler failed", UriKind.Relative), null, Cancel);
        using var deleted = await host.Client.DeleteAsync(new Uri("/dead-letters?topic=noted&reason=object", UriKind.Relative), Cancel);

        Assert.Equal(2, listed.GetProperty("items").GetArrayLength());
        Assert.Equal(
            """{"redriven":1,"failed":1,"items":[{"id":1,"status":"redriven","failure":null},{"id":2,"status":"failed","failure":"InvalidOperationException: handler failed"}],"next":null}""",
            await redriven.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("""{"deleted":1,"items":[3],"next":null}""", await deleted.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("InvalidOperationException: handler failed", await host.QueryAsync<string>("SELECT string_agg(reason, ' ') FROM dead_letters"));
    }

    [Theory]
    [InlineData("POST", "/dead-letters/redrive")]
    [InlineData("DELETE", "/dead-letters")]
    public async Task Many_dead_letters_are_redriven_or_deleted_in_several_requests(string method, string path)
    {
        await using var host = await fixture.StartAsync();
        await host.Client.DeliverAsync("noted", [.. Enumerable.Range(0, 5).Select(i => JsonNode.Parse($$"""{"id":"{{i}}","data":5}"""))]);

        var sizes = new List<int>();
        for (var cursor = "0"; cursor is not null;)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), $"{path}?topic=noted&limit=2&cursor={cursor}");
            using var response = await host.Client.SendAsync(request, Cancel);
            var summary = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            sizes.Add(summary.GetProperty("items").GetArrayLength());
            cursor = summary.GetProperty("next").GetString();
        }

        Assert.Equal([2, 2, 1], sizes);
    }

    [Theory]
    [InlineData("topic")]
    [InlineData("reason")]
    public async Task Filter_with_a_character_that_cannot_be_stored_matches_nothing(string parameter)
    {
        await using var host = await fixture.StartAsync();
        await host.Client.DeliverAsync("noted", JsonNode.Parse("""{"id":"x","data":5}"""));

        Assert.Equal(0, (await ListAsync(host, $"?{parameter}=a%00b")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Old_dead_letters_are_deleted_every_hour_if_a_retention_is_set()
    {
        await using var host = await fixture.StartAsync(withRelay: true, ("Messaging:DeadLetterRetention", "7.00:00:00"));
        await host.Client.DeliverAsync("noted", JsonNode.Parse("""{"id":"old","data":5}"""), JsonNode.Parse("""{"id":"young","data":5}"""));
        await host.QueryAsync<string>("UPDATE dead_letters SET last_at = now() - interval '8 days', first_at = last_at WHERE event_id = 'old'; SELECT ''");

        await Wait.UntilAsync("the old dead letter to be deleted", async () =>
        {
            host.Time.Advance(TimeSpan.FromMinutes(20));
            return await host.QueryAsync<string>("SELECT string_agg(event_id, ' ') FROM dead_letters") == "young";
        });
    }

    [Fact]
    public async Task Dead_letters_are_kept_without_a_retention()
    {
        await using var host = await fixture.StartAsync();
        await host.Client.DeliverAsync("noted", JsonNode.Parse("""{"id":"old","data":5}"""));
        await host.QueryAsync<string>("UPDATE dead_letters SET last_at = now() - interval '10 years'; SELECT ''");
        var retention = host.App.Services.GetRequiredService<DeadLetterRetention>();

        await retention.StartAsync(Cancel);
        await retention.ExecuteTask!;

        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    [Theory]
    [InlineData("POST", "/dead-letters/redrive")]
    [InlineData("DELETE", "/dead-letters?reason=x")]
    [InlineData("DELETE", "/dead-letters?topic=noted&limit=0")]
    [InlineData("POST", "/dead-letters/redrive?topic=noted&limit=1001")]
    public async Task Bulk_redrive_and_bulk_delete_require_a_topic_and_a_valid_limit(string method, string path)
    {
        await using var host = await fixture.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var response = await host.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private static async Task<long> CreateDeadLetterAsync(MessagingHost host, string text)
    {
        host.Handler.Failures[text] = new InvalidOperationException("handler failed");
        Assert.Equal(["SUCCESS"], await host.Client.DeliverAsync("noted", Deliveries.Event("noted", new { text, by = "k" })));
        return await host.QueryAsync<long>("SELECT max(id) FROM dead_letters");
    }

    private static async Task<HttpStatusCode> RedriveAsync(MessagingHost host, long id)
    {
        using var response = await host.Client.PostAsync(new Uri($"/dead-letters/{id}/redrive", UriKind.Relative), null, Cancel);
        return response.StatusCode;
    }

    private static Task<JsonElement> ListAsync(MessagingHost host, string query = "") =>
        host.Client.GetFromJsonAsync<JsonElement>($"/dead-letters{query}", Cancel);
}
