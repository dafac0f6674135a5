using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using DaprOrders.Testing;

namespace DaprOrders.Messaging.Tests.Events;

public sealed class EventHandlingTests(MessagingFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_events_of_a_delivery_are_handled_together()
    {
        await using var host = await fixture.StartAsync();

        var statuses = await host.Client.DeliverAsync("noted", [.. Enumerable.Range(0, 100).Select(i => Event($"{i}"))]);

        Assert.Equal(Enumerable.Repeat("SUCCESS", 100), statuses);
        Assert.Equal(100, Assert.Single(host.Handler.Calls).Length);
        Assert.Equal(100L, await host.QueryAsync<long>("SELECT count(*) FROM notes"));
    }

    [Fact]
    public async Task Fields_that_nobody_knows_are_ignored()
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
    public async Task What_is_no_event_is_kept_as_a_dead_letter_and_the_99_others_are_handled(string bad)
    {
        await using var host = await fixture.StartAsync();
        var events = Enumerable.Range(0, 99).Select(i => (JsonNode?)Event($"{i}")).ToList();
        events.Insert(50, JsonNode.Parse(bad));

        var statuses = await host.Client.DeliverAsync("noted", [.. events]);

        Assert.Equal(Enumerable.Repeat("SUCCESS", 100), statuses);
        Assert.Equal(99, Assert.Single(host.Handler.Calls).Length);
        Assert.Equal("in noted", await host.QueryAsync<string>("SELECT direction || ' ' || topic FROM dead_letters"));
        Assert.Equal(JsonNode.Parse(bad)?.ToJsonString() ?? "null", await host.QueryAsync<string>("SELECT convert_from(event, 'UTF8') FROM dead_letters"));
        Assert.NotEqual("", await host.QueryAsync<string>("SELECT reason FROM dead_letters"));
    }

    [Fact]
    public async Task An_event_that_makes_the_handler_fail_is_tried_alone_and_the_others_are_handled_once()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Failures["bad"] = new InvalidOperationException("cannot be noted");

        var statuses = await host.Client.DeliverAsync("noted", Event("a"), Event("bad"), Event("c"));

        Assert.Equal(["SUCCESS", "RETRY", "SUCCESS"], statuses);
        Assert.Equal([["a", "bad", "c"], ["a"], ["bad"], ["c"]], host.Handler.Calls);
        Assert.Equal("a c", await host.QueryAsync<string>("SELECT string_agg(text, ' ' ORDER BY id) FROM notes"));
    }

    [Fact]
    public async Task After_five_attempts_a_second_apart_it_is_a_dead_letter_with_the_reason()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Failures["bad"] = new InvalidOperationException("cannot be noted");
        var bad = Event("bad", "the-id");

        for (var attempt = 1; attempt <= 4; attempt++)
        {
            Assert.Equal(["RETRY"], await host.Client.DeliverAsync("noted", bad));
            Assert.Equal(["RETRY"], await host.Client.DeliverAsync("noted", bad)); // in the same second: it does not count
            host.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["SUCCESS"], await host.Client.DeliverAsync("noted", bad));
        Assert.Equal(
            "the-id 5 InvalidOperationException: cannot be noted",
            await host.QueryAsync<string>("SELECT event_id || ' ' || attempts || ' ' || reason FROM dead_letters"));
    }

    [Fact]
    public async Task An_event_that_is_held_as_a_dead_letter_is_not_handled_again()
    {
        await using var host = await fixture.StartAsync(settings: ("Messaging:MaxAttempts", "1"));
        host.Handler.Failures["bad"] = new InvalidOperationException();
        var bad = Event("bad", "the-id");
        await host.Client.DeliverAsync("noted", bad);
        host.Handler.Calls.Clear();
        host.Handler.Failures.Clear();

        Assert.Equal(["SUCCESS", "SUCCESS"], await host.Client.DeliverAsync("noted", bad, Event("good")));
        Assert.Equal([["good"]], host.Handler.Calls);
    }

    [Fact]
    public async Task Trouble_that_passes_asks_for_everything_again_without_trying_each_alone()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Failures["b"] = new TimeoutException();

        Assert.Equal(["RETRY", "RETRY", "RETRY"], await host.Client.DeliverAsync("noted", Event("a"), Event("b"), Event("c")));
        Assert.Equal([["a", "b", "c"]], host.Handler.Calls);
        Assert.Equal(0L, await host.QueryAsync<long>("SELECT count(*) FROM notes"));

        await host.Client.DeliverAsync("noted", Event("a"), Event("b"), Event("c"));
        Assert.Single(host.Warnings); // told once, although it comes again five times a second

        host.Handler.Failures.Clear();
        Assert.Equal(["SUCCESS", "SUCCESS", "SUCCESS"], await host.Client.DeliverAsync("noted", Event("a"), Event("b"), Event("c")));
    }

    [Fact]
    public async Task Trouble_that_passes_ends_the_trying_alone_and_the_rest_comes_again()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Failures["bad"] = new InvalidOperationException();
        host.Handler.Failures["busy"] = new TimeoutException();

        var statuses = await host.Client.DeliverAsync("noted", Event("a"), Event("bad"), Event("busy"), Event("d"));

        Assert.Equal(["SUCCESS", "RETRY", "RETRY", "RETRY"], statuses);
    }

    [Fact]
    public async Task Later_events_of_a_waiting_events_key_wait_with_it()
    {
        await using var host = await fixture.StartAsync();
        host.Handler.Failures["k1"] = new InvalidOperationException();

        var statuses = await host.Client.DeliverAsync("noted", Event("k1", key: "k"), Event("k2", key: "k"), Event("o1", key: "o"));

        Assert.Equal(["RETRY", "RETRY", "SUCCESS"], statuses);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("""{"entries":5}""")]
    [InlineData("""{"entries":[5]}""")]
    [InlineData("""{"entries":[{"event":{}}]}""")]
    public async Task A_body_that_is_no_bulk_delivery_is_refused_with_the_form_it_must_have(string body)
    {
        await using var host = await fixture.StartAsync();
        using var content = new StringContent(body, null, "application/json");

        using var response = await host.Client.PostAsync(new Uri("/events/noted", UriKind.Relative), content, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("entries", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("this is no json")]
    [InlineData("nul \0 and \u00e9")]
    [InlineData("""{"id":"a\u0000b","data":1}""")]
    public async Task A_record_that_the_runtime_could_not_deliver_is_kept_byte_for_byte_once(string text)
    {
        await using var host = await fixture.StartAsync();
        var record = Encoding.UTF8.GetBytes(text);

        for (var time = 1; time <= 2; time++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/events/notes.dead");
            request.Headers.TryAddWithoutValidation("__topic", "noted");
            request.Content = JsonContent.Create(new { data_base64 = record, id = Guid.NewGuid(), topic = "notes.dead" });
            using var response = await host.Client.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(record, await host.QueryAsync<byte[]>("SELECT event FROM dead_letters WHERE topic = 'noted' AND attempts = 2"));
        Assert.Equal(1L, await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"));
    }

    private static JsonObject Event(string text, string? id = null, string? key = null) =>
        Deliveries.Event("noted", new { text, by = key ?? text }, id);
}
