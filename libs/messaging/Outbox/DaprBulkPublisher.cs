using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using DaprOrders.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>How the sidecar answered a bulk publish.</summary>
internal enum PublishOutcome
{
    /// <summary>204: the broker has every entry.</summary>
    Accepted,

    /// <summary>The broker refused the entries named; nothing is said of the others.</summary>
    Refused,

    /// <summary>400: the sidecar could not read the request, so some entry in it is bad.</summary>
    Unreadable,

    /// <summary>An error that names no entry.</summary>
    Failed,

    /// <summary>Nobody listens on the sidecar's port, so nothing was published.</summary>
    Unreachable,

    /// <summary>401, 403 or 404: component, scope or token are wrong, not the events.</summary>
    Misconfigured,

    /// <summary>No answer: the events may or may not be with the broker, and the sidecar may still be at it.</summary>
    Unknown,
}

/// <summary>The sidecar's answer; <see cref="Refused"/> holds the errors by event id, and is empty unless the outcome is Refused.</summary>
internal sealed record PublishAnswer(PublishOutcome Outcome, string Error, IReadOnlyDictionary<Guid, string> Refused)
{
    private static readonly Dictionary<Guid, string> None = [];

    public static PublishAnswer Of(PublishOutcome outcome, string error = "") => new(outcome, error, None);
}

/// <summary>
/// Hands events to the sidecar in one call. Over HTTP rather than by DaprClient, which gives all entries the same metadata and hides which
/// of them failed.
/// </summary>
/// <seealso href="https://docs.dapr.io/reference/api/pubsub_api/#publish-multiple-messages-to-a-given-topic"/>
internal sealed class DaprBulkPublisher(IHttpClientFactory clients, IOptions<MessagingOptions> options)
{
    public async Task<PublishAnswer> PublishAsync(string topic, IReadOnlyList<OutboxRow> batch, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Value.PublishTimeout);
        using var content = new ByteArrayContent(Body(batch));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        try
        {
            using var client = clients.CreateClient(DaprSidecar.HttpClientName);
            var path = $"/v1.0/publish/bulk/{options.Value.PubSubName}/{topic}";
            using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content, timeout.Token);
            return response.StatusCode is HttpStatusCode.NoContent
                ? PublishAnswer.Of(PublishOutcome.Accepted)
                : Read(response.StatusCode, await response.Content.ReadAsStringAsync(timeout.Token));
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError)
        {
            return PublishAnswer.Of(PublishOutcome.Unreachable, $"the sidecar is not there: {e.Message}");
        }
        catch (HttpRequestException e)
        {
            return PublishAnswer.Of(PublishOutcome.Unknown, $"the sidecar broke off: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return PublishAnswer.Of(PublishOutcome.Unknown, $"the sidecar did not answer within {options.Value.PublishTimeout}");
        }
    }

    private static byte[] Body(IReadOnlyList<OutboxRow> batch)
    {
        var buffer = new ArrayBufferWriter<byte>(256 * batch.Count);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartArray();
        foreach (var row in batch)
        {
            BulkPublishEntry.Write(json, row);
        }

        json.WriteEndArray();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static PublishAnswer Read(HttpStatusCode status, string body)
    {
        var error = $"{(int)status} {body}";
        return status switch
        {
            HttpStatusCode.BadRequest => PublishAnswer.Of(PublishOutcome.Unreadable, error),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound =>
                PublishAnswer.Of(PublishOutcome.Misconfigured, error),
            _ when FailedEntries(body) is { Count: > 0 } refused => new PublishAnswer(PublishOutcome.Refused, error, refused),
            _ => PublishAnswer.Of(PublishOutcome.Failed, error),
        };
    }

    private static Dictionary<Guid, string> FailedEntries(string body)
    {
        try
        {
            var failed = JsonSerializer.Deserialize<FailedBody>(body, JsonSerializerOptions.Web)?.FailedEntries ?? [];
            return failed.DistinctBy(entry => entry.EntryId).ToDictionary(entry => entry.EntryId, entry => entry.Error ?? "");
        }
        catch (JsonException)
        {
            return []; // not the sidecar's own words, for example a proxy's page: nobody is named
        }
    }

    private sealed record FailedBody(List<FailedEntry>? FailedEntries);

    private sealed record FailedEntry(Guid EntryId, string? Error);
}
