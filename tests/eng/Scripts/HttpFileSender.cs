using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Sends the requests of an .http file in order, and checks the response that each heading promises.</summary>
internal sealed partial class HttpFileSender(HttpClient client)
{
    private readonly Dictionary<string, JsonElement> _bodies = [];

    public async Task SendAsync(HttpFileRequest request, CancellationToken cancellationToken)
    {
        var (status, body) = await SendOnceAsync(request, cancellationToken);
        if (request is { Method: "GET", Word: { } word })
        {
            // What other services do with an order is visible a moment later.
            await Wait.UntilAsync($"'{word}' in the response of '{request.Heading}'", async () =>
            {
                (status, body) = body.Contains(word, StringComparison.Ordinal) ? (status, body) : await SendOnceAsync(request, cancellationToken);
                return body.Contains(word, StringComparison.Ordinal);
            });
        }

        Assert.True(request.Status == status, $"'{request.Heading}' was {status}: {body}");
        Assert.Contains(request.Word ?? "", body, StringComparison.Ordinal);
        if (request.Name is { } name)
        {
            _bodies[name] = JsonSerializer.Deserialize<JsonElement>(body);
        }
    }

    private async Task<(int Status, string Body)> SendOnceAsync(HttpFileRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), Resolve(request, request.Url));
        message.Content = request.Body is { } body ? new ByteArrayContent(Encoding.UTF8.GetBytes(Resolve(request, body))) : null;
        foreach (var (name, value) in request.Headers)
        {
            var headers = name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) ? (System.Net.Http.Headers.HttpHeaders)message.Content!.Headers : message.Headers;
            Assert.True(headers.TryAddWithoutValidation(name, Resolve(request, value)), $"'{request.Heading}' has a malformed header {name}.");
        }

        using var response = await client.SendAsync(message, cancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }

    /// <summary>Replaces <c>{{name.response.body.$.field}}</c> by a field of an earlier response.</summary>
    /// <exception cref="InvalidDataException">There is no such variable, request or field.</exception>
    private string Resolve(HttpFileRequest request, string text)
    {
        var resolved = Reference().Replace(text, match =>
            _bodies.TryGetValue(match.Groups[1].Value, out var body) && body.TryGetProperty(match.Groups[2].Value, out var field)
                ? field.ToString()
                : match.Value);
        return resolved.Contains("{{", StringComparison.Ordinal)
            ? throw new InvalidDataException($"'{request.Heading}' has a placeholder without a value: {resolved}")
            : resolved;
    }

    [GeneratedRegex(@"\{\{([a-z_]+)\.response\.body\.\$\.([a-z_]+)\}\}")]
    private static partial Regex Reference();
}
