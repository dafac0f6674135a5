using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Publishing;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Api;

internal sealed class MetadataEndpoints(SidecarState sidecar)
{
    public Task GetAsync(HttpContext http) => http.AnswerJsonAsync(StatusCodes.Status200OK, Json());

    public async Task PutAsync(HttpContext http, string key)
    {
        var body = await HttpBody.ReadAsync(http.Request, sidecar.Spec.MaxBodyBytes, http.RequestAborted) ?? [];
        sidecar.Extended[RequestPath.Decode(key) ?? key] = Encoding.UTF8.GetString(body);
        await http.AnswerEmptyAsync();
    }

    private byte[] Json()
    {
        using var output = new JsonBuffer(1024);
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("id", sidecar.AppId);
            json.WriteString("runtimeVersion", SidecarState.RuntimeVersion);
            // What the runtime lists for itself, so that a client that compares finds the same.
            json.WriteStartArray("enabledFeatures");
            json.WriteStringValue("WorkflowsRemoteActivityReminder");
            json.WriteStringValue("HotReload");
            json.WriteEndArray();
            WriteComponents(json);
            WriteExtended(json);
            WriteSubscriptions(json);
            WriteApp(json);
            WriteNoActors(json);
            WriteResiliencies(json);
            json.WriteEndObject();
        }

        output.Write("\n"u8);
        return EscapeForHtml(output.WrittenSpan);
    }

    // These three only stand within texts; Go writes them so.
    private static byte[] EscapeForHtml(ReadOnlySpan<byte> json)
    {
        if (json.IndexOfAny("<>&"u8) < 0)
        {
            return json.ToArray();
        }

        return Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json)
            .Replace("<", "\\u003c", StringComparison.Ordinal)
            .Replace(">", "\\u003e", StringComparison.Ordinal)
            .Replace("&", "\\u0026", StringComparison.Ordinal));
    }

    private void WriteComponents(Utf8JsonWriter json)
    {
        if (sidecar.PubSubs.Count == 0)
        {
            return;
        }

        json.WriteStartArray("components");
        foreach (var pubSub in sidecar.PubSubs.Values)
        {
            json.WriteStartObject();
            json.WriteString("name", pubSub.Name);
            json.WriteString("type", pubSub.Type);
            json.WriteString("version", pubSub.Version);
            if (pubSub.Capabilities.Count > 0)
            {
                json.WriteStartArray("capabilities");
                foreach (var capability in pubSub.Capabilities)
                {
                    json.WriteStringValue(capability);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteExtended(Utf8JsonWriter json)
    {
        json.WriteStartObject("extended");
        json.WriteString("daprRuntimeVersion", SidecarState.RuntimeVersion);
        foreach (var (key, value) in sidecar.Extended.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private void WriteSubscriptions(Utf8JsonWriter json)
    {
        if (sidecar.Subscriptions.Count == 0)
        {
            return;
        }

        json.WriteStartArray("subscriptions");
        foreach (var subscription in sidecar.Subscriptions)
        {
            json.WriteStartObject();
            json.WriteString("pubsubname", subscription.PubSub);
            json.WriteString("topic", subscription.Topic);
            WriteMetadata(json, subscription);
            json.WriteStartArray("rules");
            json.WriteStartObject();
            json.WriteString("path", subscription.Route);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteString("deadLetterTopic", subscription.DeadLetterTopic);
            json.WriteString("type", subscription.Declarative ? "DECLARATIVE" : "PROGRAMMATIC");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteMetadata(Utf8JsonWriter json, SubscriptionSpec subscription)
    {
        if (subscription.Metadata.Count == 0)
        {
            return;
        }

        json.WriteStartObject("metadata");
        foreach (var (key, value) in subscription.Metadata)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private void WriteApp(Utf8JsonWriter json)
    {
        if (sidecar.App is not { } app)
        {
            return;
        }

        json.WriteStartObject("appConnectionProperties");
        json.WriteNumber("port", app.Port);
        json.WriteString("protocol", "http");
        json.WriteString("channelAddress", "127.0.0.1");
        json.WriteEndObject();
    }

    private static void WriteNoActors(Utf8JsonWriter json)
    {
        json.WriteStartObject("actorRuntime");
        json.WriteString("runtimeStatus", "DISABLED");
        json.WriteBoolean("hostReady", false);
        json.WriteString("placement", "placement: disconnected");
        json.WriteEndObject();
    }

    private void WriteResiliencies(Utf8JsonWriter json)
    {
        if (sidecar.Resources.Resiliency.Names.Count == 0)
        {
            return;
        }

        json.WriteStartArray("resiliencies");
        foreach (var name in sidecar.Resources.Resiliency.Names)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
