using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using DaprOrders.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>Classifies the sidecar's response to a bulk publish.</summary>
internal enum PublishOutcome
{
    /// <summary>204: the broker accepted all entries.</summary>
    Accepted,

    /// <summary>The broker refused the entries that the response lists. The result of the others is unknown.</summary>
    Refused,

    /// <summary>400 with <c>ERR_PUBSUB_EVENTS_SER</c>: the sidecar cannot serialize at least one entry.</summary>
    Unreadable,

    /// <summary>An error that lists no entry of the call.</summary>
    Failed,

    /// <summary>Nothing listens on the sidecar's port.</summary>
    Unreachable,

    /// <summary>401, 403, 404 or another 400: the component, its scopes or the API token are wrong, not the events.</summary>
    Misconfigured,

    /// <summary>No response: the broker may have accepted the events, or the sidecar may still be publishing them.</summary>
    Unknown,
}

/// <summary>The result of a bulk publish.</summary>
/// <param name="Outcome">The kind of response.</param>
/// <param name="Error">The text of the response, for the log.</param>
/// <param name="Refused">The error of each refused entry, by the index of the entry in the call.</param>
internal sealed record PublishResult(PublishOutcome Outcome, string Error, IReadOnlyDictionary<int, string> Refused)
{
    private static readonly Dictionary<int, string> None = [];

    public PublishResult(PublishOutcome outcome, string error = "")
        : this(outcome, error, None)
    {
    }
}

/// <summary>
/// Publishes a batch of events in one HTTP call. DaprClient is not used: it sends the same metadata for all entries and does not report which
/// entries failed.
/// </summary>
/// <seealso href="https://docs.dapr.io/reference/api/pubsub_api/#publish-multiple-messages-to-a-given-topic"/>
internal sealed class DaprBulkPublisher(IHttpClientFactory clients, IOptions<MessagingOptions> options)
{
    private const string UnreadableCode = "ERR_PUBSUB_EVENTS_SER";
    private const string PartitionKey = "partitionKey";
    private const string TraceParent = "cloudevent.traceparent";

    public async Task<PublishResult> PublishAsync(string topic, IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Value.PublishTimeout);
        using var content = new ReadOnlyMemoryContent(Body(rows));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        try
        {
            using var client = clients.CreateClient(DaprSidecar.HttpClientName);
            var path = $"/v1.0/publish/bulk/{options.Value.PubSubName}/{topic}";
            using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content, timeout.Token);
            return response.StatusCode is HttpStatusCode.NoContent
                ? new PublishResult(PublishOutcome.Accepted)
                : Read(response.StatusCode, await response.Content.ReadAsStringAsync(timeout.Token), rows.Count);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError)
        {
            return new PublishResult(PublishOutcome.Unreachable, $"the sidecar cannot be reached: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new PublishResult(PublishOutcome.Unknown, $"the sidecar did not respond within {options.Value.PublishTimeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (e is not OperationCanceledException) // a lost connection, or a response that is not HTTP, text or JSON
        {
            return new PublishResult(PublishOutcome.Unknown, $"the sidecar's response cannot be read: {e.Message}");
        }
    }

    /// <summary>Serializes a row as a bulk publish entry. A dead letter of an event that could not be published has this format.</summary>
    public static byte[] ToBytes(OutboxRow row)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        Write(json, row, $"{row.Id}");
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Restores the message from a dead letter that <see cref="ToBytes"/> serialized.</summary>
    public static OutboxMessage ToMessage(DeadLetter letter)
    {
        var entry = JsonSerializer.Deserialize<JsonElement>(letter.Body, EventJson.Delivery);
        var metadata = entry.GetProperty("metadata");
        return new OutboxMessage
        {
            Id = entry.GetProperty("entryId").GetGuid(),
            Topic = letter.Topic,
            Key = metadata.GetProperty(PartitionKey).GetString()!,
            Data = entry.GetProperty("event").GetRawText(),
            TraceParent = metadata.TryGetProperty(TraceParent, out var traceParent) ? traceParent.GetString() : null,
        };
    }

    private static ReadOnlyMemory<byte> Body(IReadOnlyList<OutboxRow> rows)
    {
        var buffer = new ArrayBufferWriter<byte>(256 * rows.Count);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartArray();
        for (var index = 0; index < rows.Count; index++)
        {
            Write(json, rows[index], index.ToString(CultureInfo.InvariantCulture));
        }

        json.WriteEndArray();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, OutboxRow row, string entryId)
    {
        json.WriteStartObject();
        json.WriteString("entryId", entryId);
        json.WritePropertyName("event");
        json.WriteRawValue(row.Data, skipInputValidation: true); // the column is json, so PostgreSQL has validated it
        json.WriteString("contentType", "application/json");
        json.WriteStartObject("metadata");
        json.WriteString("cloudevent.id", row.Id);
        json.WriteString("cloudevent.type", row.Topic);
        json.WriteString(PartitionKey, row.Key);
        if (row.TraceParent is not null)
        {
            json.WriteString(TraceParent, row.TraceParent);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static PublishResult Read(HttpStatusCode status, string body, int count)
    {
        var error = $"{(int)status} {body}";
        var response = Parse(body);
        switch (status)
        {
            case HttpStatusCode.BadRequest when response.ErrorCode == UnreadableCode:
                return new PublishResult(PublishOutcome.Unreadable, error);
            case HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound:
                return new PublishResult(PublishOutcome.Misconfigured, error);
        }

        var refused = new Dictionary<int, string>();
        foreach (var entry in response.FailedEntries ?? [])
        {
            if (int.TryParse(entry?.EntryId, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < count)
            {
                refused[index] = entry?.Error ?? "";
            }
        }

        return refused.Count > 0 ? new PublishResult(PublishOutcome.Refused, error, refused) : new PublishResult(PublishOutcome.Failed, error);
    }

    private static ErrorBody Parse(string body)
    {
        try
        {
            return JsonSerializer.Deserialize<ErrorBody>(body, JsonSerializerOptions.Web) ?? new ErrorBody(null, null);
        }
        catch (JsonException)
        {
            return new ErrorBody(null, null); // for example the HTML error page of a proxy
        }
    }

    private sealed record ErrorBody(string? ErrorCode, List<FailedEntry?>? FailedEntries);

    private sealed record FailedEntry(string? EntryId, string? Error);
}
