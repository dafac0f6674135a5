using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>Contains the token of <see cref="AccessPolicies.Operator"/>.</summary>
internal sealed class OperatorOptions : AuthenticationSchemeOptions
{
    public string? Token { get; set; }
}

/// <summary>Accepts requests with the token of the operators, and those of the gateway.</summary>
internal sealed class OperatorAuthenticationHandler(
    IOptionsMonitor<OperatorOptions> options, ILoggerFactory logger, UrlEncoder encoder, GatewayCaller gateway)
    : AuthenticationHandler<OperatorOptions>(options, logger, encoder)
{
    private const string Bearer = "Bearer";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = Bearer;
        return base.HandleChallengeAsync(properties);
    }

    private AuthenticateResult Authenticate()
    {
        if (gateway.ChecksClients && gateway.HasSent(Request))
        {
            return Success(); // its client is an operator
        }

        if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header) || !header.Scheme.Equals(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        if (string.IsNullOrWhiteSpace(Options.Token))
        {
            return AuthenticateResult.Fail("Operator:Token is not set.");
        }

        // Takes the same time for every wrong token of the same length.
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(header.Parameter ?? ""), Encoding.UTF8.GetBytes(Options.Token))
            ? Success()
            : AuthenticateResult.Fail("The token is wrong.");
    }

    private AuthenticateResult Success() =>
        AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(Scheme.Name)), Scheme.Name));
}
