using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using DaprOrders.Gateway.Invocation;

namespace DaprOrders.Gateway.Tests.Coalescing;

/// <summary>Takes the place of the connection to the sidecar. A test decides when and how each call to the order service is responded to.</summary>
internal sealed class OrderServiceStub : HttpMessageHandler
{
    private readonly List<StubbedCall> _all = [];
    private readonly Channel<StubbedCall> _calls = Channel.CreateUnbounded<StubbedCall>();

    /// <summary>Gets or sets what responds to a call at once; null to leave the call to <see cref="NextAsync"/>.</summary>
    public Func<StubbedCall, HttpResponseMessage?> Respond { get; set; } = _ => null;

    /// <summary>Gets all calls, in order.</summary>
    public IReadOnlyList<StubbedCall> Calls
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>Gets the paths of all calls, in order.</summary>
    public IEnumerable<string> Paths => Calls.Select(call => call.Path);

    /// <summary>Gets whether a call has no response and was not returned by <see cref="NextAsync"/>.</summary>
    public bool HasNext => _calls.Reader.TryPeek(out _);

    /// <summary>Returns the next call, which has no response yet.</summary>
    public async Task<StubbedCall> NextAsync() =>
        await _calls.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(15));

    /// <summary>Responds to all calls, so that the gateway can stop.</summary>
    public void Release()
    {
        Respond = _ => StubbedCall.Problem(400);
        foreach (var call in Calls)
        {
            call.Response.TrySetResult(StubbedCall.Problem(400));
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var headers = request.Headers.ToDictionary(header => header.Key, header => header.Value.Single(), StringComparer.OrdinalIgnoreCase);
        var body = await request.Content!.ReadAsStringAsync(cancellationToken);
        var call = new StubbedCall(request.RequestUri!.AbsolutePath.Split("/method/")[^1].TrimStart('/'), headers, body)
        {
            RemainingTime = request.Options.TryGetValue(InvocationExtensions.RemainingTime, out var remaining) ? remaining : null,
        };
        lock (_all)
        {
            _all.Add(call);
        }

        if (Respond(call) is { } response)
        {
            return response;
        }

        await _calls.Writer.WriteAsync(call, cancellationToken);
        return await call.Response.Task.WaitAsync(cancellationToken);
    }
}

/// <summary>A call to the order service.</summary>
internal sealed record StubbedCall(string Path, IReadOnlyDictionary<string, string> Headers, string Text)
{
    public TaskCompletionSource<HttpResponseMessage> Response { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets the time that the client gives the call.</summary>
    public TimeSpan? RemainingTime { get; init; }

    public JsonNode Body => JsonNode.Parse(Text)!;

    /// <summary>Gets the orders of a group; one for a single order.</summary>
    public IReadOnlyList<JsonNode> Orders => IsGroup ? [.. Body["orders"]!.AsArray().Select(order => order!)] : [Body];

    public bool IsGroup => Path == "orders/group";

    public IEnumerable<string> Keys => IsGroup ? Orders.Select(order => (string)order["idempotency_key"]!) : [Headers["Idempotency-Key"]];

    /// <summary>Responds as the order service does if it places all orders. The id of an order is derived from its key.</summary>
    public void Place() => Response.SetResult(Placed());

    public HttpResponseMessage Placed(bool isReplayed = false)
    {
        if (IsGroup)
        {
            var results = Orders.Select(order => Result(201, View(order, (string)order["idempotency_key"]!), isReplayed));
            return Json(HttpStatusCode.OK, $$"""{"results":[{{string.Join(',', results)}}]}""");
        }

        var response = Json(HttpStatusCode.Created, View(Body, Headers["Idempotency-Key"]));
        response.Headers.Location = new Uri($"/orders/{IdOf(Headers["Idempotency-Key"])}", UriKind.Relative);
        if (isReplayed)
        {
            response.Headers.Add("Idempotency-Replayed", "true");
        }

        return response;
    }

    public static string Result(int status, string? order, bool isReplayed = false) =>
        $$"""{"status":{{status}}{{(isReplayed ? ",\"replayed\":true" : "")}}{{(order is null ? "" : $",\"order\":{order}")}}}""";

    public static string View(JsonNode order, string key) =>
        $$"""{"id":"{{IdOf(key)}}","item_id":"{{order["item_id"]}}","quantity":{{order["quantity"]}},"status":"pending","created_at":"2026-11-30T08:20:07.502793+00:00"}""";

    /// <summary>Returns a UUID that depends on the key only.</summary>
    public static Guid IdOf(string key) => new(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(key))[..16]);

    public static HttpResponseMessage Json(HttpStatusCode status, string body, string type = "application/json; charset=utf-8")
    {
        var response = new HttpResponseMessage(status) { Content = new StringContent(body) };
        response.Content.Headers.Remove("Content-Type");
        response.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        return response;
    }

    public static HttpResponseMessage Problem(int status, string code = "unavailable") =>
        Json((HttpStatusCode)status, $$"""{"type":"urn:dapr-orders:problem:{{code}}","title":"On purpose","status":{{status}}}""", "application/problem+json");
}
