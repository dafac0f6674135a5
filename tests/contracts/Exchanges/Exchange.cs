using System.Text.Json;
using System.Text.Json.Nodes;

namespace DaprOrders.Contracts.Tests.Exchanges;

/// <summary>A request of the gateway to a service, the steps before it, the response, and the events that the service then publishes.</summary>
internal sealed record Exchange(string Name, IReadOnlyList<Step> Given, HttpMessage Request, HttpMessage Response, IReadOnlyList<string> Publishes);

/// <summary>A step before an exchange: either another exchange of the same file, or the delivery of an example.</summary>
internal sealed record Step(string? Exchange, string? Deliver);

/// <summary>A request or a response. A string body is sent as it is, any other body as JSON.</summary>
internal sealed record HttpMessage(string? Method, string? Path, int Status, Dictionary<string, string> Headers, JsonNode? Body)
{
    public string? Content => Body is JsonValue value && value.GetValueKind() is JsonValueKind.String ? value.GetValue<string>() : Body?.ToJsonString(Relaxed);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}

/// <summary>Events that are delivered to a service, and the events that it then publishes.</summary>
internal sealed record EventExchange(string Name, IReadOnlyList<string> Deliver, IReadOnlyList<string> Publishes);

/// <summary>Reads contracts/http/….exchanges.json: what the gateway and the broker exchange with a service.</summary>
internal sealed class ExchangeFile
{
    private ExchangeFile(JsonObject file)
    {
        Exchanges = file["exchanges"]!.AsArray().Select(exchange => Read(exchange!)).ToDictionary(exchange => exchange.Name);
        Events = (file["events"]?.AsArray() ?? []).Select(item => new EventExchange(
            (string)item!["name"]!, Strings(item["deliver"]), Strings(item["publishes"]))).ToDictionary(exchange => exchange.Name);
    }

    public static IReadOnlyList<string> Services { get; } = ["order", "inventory", "notification"];

    public IReadOnlyDictionary<string, Exchange> Exchanges { get; }

    public IReadOnlyDictionary<string, EventExchange> Events { get; }

    public static ExchangeFile Of(string service) => new(ContractFiles.Read("http", $"{service}.exchanges.json"));

    private static Exchange Read(JsonNode exchange) => new(
        (string)exchange["name"]!,
        [.. (exchange["given"]?.AsArray() ?? []).Select(step => step is JsonObject ? new Step(null, (string)step["deliver"]!) : new Step((string)step!, null))],
        Message(exchange["request"]!),
        Message(exchange["response"]!),
        Strings(exchange["publishes"]));

    public static HttpMessage Message(JsonNode message) => new(
        (string?)message["method"],
        (string?)message["path"],
        (int?)message["status"] ?? 0,
        (message["headers"]?.AsObject() ?? []).ToDictionary(header => header.Key, header => (string)header.Value!, StringComparer.OrdinalIgnoreCase),
        message["body"]);

    private static List<string> Strings(JsonNode? list) => [.. (list?.AsArray() ?? []).Select(text => (string)text!)];
}
