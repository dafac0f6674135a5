using System.Security.Claims;
using DaprOrders.Gateway.Invocation;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace DaprOrders.Gateway.Access;

/// <summary>
/// Validates the tokens of clients. ASP.NET Core reads the issuer, the audience and the keys from the section
/// <c>Authentication:Schemes:Bearer</c>; <see cref="BearerSettings"/> checks that none is missing.
/// </summary>
internal static class BearerExtensions
{
    /// <summary>The claim with the client that a token was issued for.</summary>
    public const string Subject = "sub";

    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan IssuerTimeout = TimeSpan.FromSeconds(5);

    private static readonly string[] Symmetric = [SecurityAlgorithms.HmacSha256];

    private static readonly string[] Asymmetric =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    public static void AddBearer(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ApiAuthentication>, BearerSettings>();
        services.AddAuthentication().AddJwtBearer(Configure);
        services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).Configure<IConfiguration>((bearer, configuration) =>
            // Never both: an attacker could sign a token with HS256 and the public key of the issuer.
            bearer.TokenValidationParameters.ValidAlgorithms = BearerSettings.HasSigningKeys(configuration) ? Symmetric : Asymmetric);
    }

    private static void Configure(JwtBearerOptions bearer)
    {
        bearer.MapInboundClaims = false; // keeps the names sub and scope
        var token = bearer.TokenValidationParameters;
        (token.ValidateIssuer, token.ValidateAudience) = (true, true); // not the default if the section does not name them
        token.ClockSkew = ClockSkew;
        bearer.BackchannelTimeout = IssuerTimeout;
        bearer.Events = new JwtBearerEvents { OnMessageReceived = RequireKeysAsync, OnTokenValidated = CheckSubject, OnChallenge = Describe };
    }

    /// <summary>
    /// Makes the request 503 if the keys of the issuer were never read. The framework would respond with 401, and clients would drop valid tokens.
    /// </summary>
    private static async Task RequireKeysAsync(MessageReceivedContext context)
    {
        if (context.Options.ConfigurationManager is not { } issuer || context.Request.Headers.Authorization.Count == 0)
        {
            return;
        }

        try
        {
            await issuer.GetConfigurationAsync(context.HttpContext.RequestAborted); // cached
        }
        catch (InvalidOperationException e)
        {
            throw new UpstreamException(new UpstreamFailure($"the keys of the issuer cannot be read: {e.Message}", DidNotRun: true), e);
        }
    }

    /// <summary>Refuses a token whose subject cannot be the owner of an order.</summary>
    private static Task CheckSubject(TokenValidatedContext context)
    {
        if (!Owner.IsValid(context.Principal!.FindFirstValue(Subject)))
        {
            context.Fail(new SubjectException());
        }

        return Task.CompletedTask;
    }

    /// <summary>Replaces the framework's description, which repeats values of the token: some are not allowed in a header.</summary>
    private static Task Describe(JwtBearerChallengeContext context)
    {
        context.ErrorDescription = context.AuthenticateFailure switch
        {
            null => null,
            SecurityTokenExpiredException => "The token has expired",
            SecurityTokenNotYetValidException => "The token is not valid yet",
            SecurityTokenInvalidIssuerException => "The issuer of the token is not accepted",
            SecurityTokenInvalidAudienceException => "The token is for another audience",
            SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException => "The signature of the token is not valid",
            SubjectException => "The subject of the token is not 1 to 255 visible ASCII characters",
            _ => "The token is not valid",
        };
        return Task.CompletedTask;
    }

    private sealed class SubjectException : Exception;
}
