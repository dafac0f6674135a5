using System.Security.Cryptography;
using System.Text;
using Dapr.AspNetCore;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>
/// Recognizes requests that the gateway sends by service invocation. The caller's sidecar sets the header <c>dapr-caller-app-id</c> and replaces the
/// caller's own value. The token shows that the request came through the sidecar of this service.
/// </summary>
internal sealed class GatewayCaller(
    IOptionsMonitor<DaprAuthenticationOptions> options, IOptions<ApiAuthentication> authentication, IHostEnvironment environment)
{
    public const string Header = "dapr-caller-app-id";

    private const string Gateway = "gateway";

    /// <summary>
    /// Gets whether the gateway checks its clients, so that the API is for the gateway only. If the setting is missing, this is false in Development and
    /// true elsewhere: a forgotten setting must not open a service.
    /// </summary>
    public bool ChecksClients => authentication.Value.Enabled ?? !environment.IsDevelopment();

    /// <summary>Returns whether the gateway has sent the request. Without <c>APP_API_TOKEN</c> that is not known, so the result is false.</summary>
    public bool HasSent(HttpRequest request) =>
        request.Headers[Header] is [Gateway]
        && request.Headers["dapr-api-token"] is [{ } token]
        && options.Get(AccessExtensions.DaprScheme).Token is { } expected
        && !string.IsNullOrWhiteSpace(expected)
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(expected));
}
