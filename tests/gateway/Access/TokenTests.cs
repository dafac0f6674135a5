using System.Net;
using System.Security.Cryptography;
using DaprOrders.Stack;
using Microsoft.IdentityModel.Tokens;

namespace DaprOrders.Gateway.Tests.Access;

public sealed class TokenTests(SecuredGateway secured) : IClassFixture<SecuredGateway>
{
    private const string SigningKeys = "Authentication:Schemes:Bearer:SigningKeys:0";

    private static readonly Dictionary<string, Func<TestIssuer, string>> Refused = new()
    {
        ["another issuer"] = issuer => issuer.Issue(change: token => token.Issuer = "http://attacker.example"),
        ["no issuer"] = issuer => issuer.Issue(change: token => token.Issuer = null),
        ["another audience"] = issuer => issuer.Issue(change: token => token.Audience = "other-api"),
        ["an audience that is not allowed in a header"] = issuer => issuer.Issue(change: token => token.Audience = "a\r\nSet-Cookie: b=\u00fc"),
        ["no audience"] = issuer => issuer.Issue(change: token => token.Audience = null),
        ["expired"] = issuer => issuer.Issue(change: token => token.Expires = DateTime.UtcNow.AddMinutes(-1)),
        ["no expiry"] = issuer => issuer.Issue(change: token => token.Expires = null),
        ["not valid yet"] = issuer => issuer.Issue(change: token => token.NotBefore = DateTime.UtcNow.AddMinutes(5)),
        ["no signature"] = issuer => issuer.Issue(change: token => token.SigningCredentials = null),
        ["algorithm none with a signature"] = issuer => WithHeader(issuer.Issue(), """{"alg":"none","typ":"JWT"}"""),
        ["algorithm None"] = issuer => WithHeader(issuer.Issue(), """{"alg":"None","typ":"JWT"}""").Split('.') is var parts ? $"{parts[0]}.{parts[1]}." : "",
        ["HS256 with the public key as DER"] = issuer => WithPublicKey(issuer, 0),
        ["HS256 with the public key as PKCS 1"] = issuer => WithPublicKey(issuer, 1),
        ["HS256 with the public key as PEM"] = issuer => WithPublicKey(issuer, 2),
        ["HS256 with the modulus of the key"] = issuer => WithPublicKey(issuer, 3),
        ["another key with the same id"] = issuer => WithOtherKey(issuer),
        ["a key in the token"] = issuer => WithHeader(issuer.Issue(), """{"alg":"RS256","jwk":{"kty":"RSA","n":"AQAB","e":"AQAB"}}"""),
        ["changed claims"] = issuer => WithClaims(issuer.Issue(), """{"sub":"bob","scope":"orders.read","exp":4102444800}"""),
        ["no claims"] = issuer => WithClaims(issuer.Issue(), ""),
        ["empty"] = _ => "",
        ["text"] = _ => "text",
        ["three empty parts"] = _ => "..",
        ["long"] = _ => new string('a', 20_000),
        ["five parts"] = _ => "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d",
        ["no subject"] = issuer => issuer.Issue(change: token => token.Claims.Remove("sub")),
        ["an empty subject"] = issuer => WithSubject(issuer, ""),
        ["a subject of 256 characters"] = issuer => WithSubject(issuer, new string('a', 256)),
        ["a subject with a space"] = issuer => WithSubject(issuer, "alice bob"),
        ["a subject with a line break"] = issuer => WithSubject(issuer, "alice\r\nDaprOrders-Owner: bob"),
        ["a subject with a letter outside ASCII"] = issuer => WithSubject(issuer, "\u0430lice"),
        ["two subjects"] = issuer => issuer.Issue(change: token => token.Claims["sub"] = new[] { "alice", "bob" }),
    };

    public static TheoryData<string> RefusedTokens => [.. Refused.Keys];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("orders.read")]
    [InlineData("orders.write orders.read operate")]
    public async Task Valid_token_is_accepted(string scopes)
    {
        var gateway = secured.Next();
        gateway.StubResponse("GET", "/v1.0/invoke/order/method/orders", 200, """{"items":[],"next":null}""");

        using var response = await SecuredGateway.SendAsync(gateway, "GET", "/orders", secured.Issuer.Issue(scopes));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [MemberData(nameof(RefusedTokens))]
    public async Task Token_that_is_not_valid_is_401(string token)
    {
        var gateway = secured.Next();

        using var response = await SecuredGateway.SendAsync(gateway, "GET", "/orders", Refused[token](secured.Issuer));

        await AssertUnauthorizedAsync(response);
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Basic YWxpY2U6c2VjcmV0")]
    [InlineData("bearer")]
    [InlineData("Bearer\teyJ")]
    public async Task Request_without_a_bearer_token_is_401(string? authorization)
    {
        var gateway = secured.Next();

        using var response = await SecuredGateway.SendAsync(
            gateway, "POST", "/orders", null, authorization is null ? [] : [("Authorization", authorization)]);

        await AssertUnauthorizedAsync(response);
        Assert.Single(response.Headers.GetValues("Idempotency-Key"));
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }

    [Theory]
    [InlineData("expired", "The token has expired")]
    [InlineData("not valid yet", "The token is not valid yet")]
    [InlineData("another issuer", "The issuer of the token is not accepted")]
    [InlineData("another audience", "The token is for another audience")]
    [InlineData("another key with the same id", "The signature of the token is not valid")]
    [InlineData("a subject with a space", "The subject of the token is not 1 to 255 visible ASCII characters")]
    [InlineData("text", "The token is not valid")]
    public async Task Response_describes_why_the_token_is_refused(string token, string description)
    {
        using var response = await SecuredGateway.SendAsync(secured.Next(), "GET", "/orders", Refused[token](secured.Issuer));

        Assert.Contains($"error_description=\"{description}\"", $"{Assert.Single(response.Headers.WwwAuthenticate)}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_is_not_refused_while_the_issuer_is_unavailable()
    {
        using var issuer = new TestIssuer();
        var token = issuer.Issue();
        await using var gateway = new GatewayHost([.. issuer.Settings, ("Authentication:Schemes:Bearer:Authority", $"http://127.0.0.1:{FreePort.Take()}")]);

        using var unavailable = await SecuredGateway.SendAsync(gateway, "GET", "/orders", token);
        using var withoutToken = await SecuredGateway.SendAsync(gateway, "GET", "/orders", null);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, unavailable.StatusCode);
        Assert.Single(unavailable.Headers.GetValues("Retry-After"));
        Assert.Equal(HttpStatusCode.Unauthorized, withoutToken.StatusCode);
    }

    [Fact]
    public async Task Symmetric_keys_accept_HS256_only()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        await using var gateway = new GatewayHost(
            ("Authentication:Enabled", "true"),
            ("Authentication:Schemes:Bearer:ValidIssuer", "dotnet-user-jwts"),
            ("Authentication:Schemes:Bearer:ValidAudiences:0", TestIssuer.Audience),
            ($"{SigningKeys}:Issuer", "dotnet-user-jwts"),
            ($"{SigningKeys}:Value", Convert.ToBase64String(key)));
        gateway.StubResponse("GET", "/v1.0/invoke/order/method/orders", 200, """{"items":[],"next":null}""");

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(key, SecurityAlgorithms.HmacSha256));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync([.. key, .. key], SecurityAlgorithms.HmacSha256));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync([.. key, .. key], SecurityAlgorithms.HmacSha512));

        async Task<HttpStatusCode> StatusAsync(byte[] secret, string algorithm)
        {
            var token = secured.Issuer.Issue(change: token =>
            {
                token.Issuer = "dotnet-user-jwts";
                token.SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(secret), algorithm);
            });
            using var response = await SecuredGateway.SendAsync(gateway, "GET", "/orders", token);
            return response.StatusCode;
        }
    }

    private static async Task AssertUnauthorizedAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("urn:dapr-orders:problem:unauthorized", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static string WithHeader(string token, string header) => token.Split('.') is var parts
        ? $"{Base64UrlEncoder.Encode(header)}.{parts[1]}.{parts[2]}"
        : token;

    private static string WithClaims(string token, string claims) => token.Split('.') is var parts
        ? $"{parts[0]}.{Base64UrlEncoder.Encode(claims)}.{parts[2]}"
        : token;

    private static string WithSubject(TestIssuer issuer, string subject) => issuer.Issue(change: token => token.Claims["sub"] = subject);

    private static string WithPublicKey(TestIssuer issuer, int form) => issuer.Issue(change: token => token.SigningCredentials = new SigningCredentials(
        new SymmetricSecurityKey(issuer.PublicKeys[form]) { KeyId = issuer.Credentials.Key.KeyId }, SecurityAlgorithms.HmacSha256));

    private static string WithOtherKey(TestIssuer issuer)
    {
        using var other = RSA.Create(2048);
        var key = new RsaSecurityKey(other.ExportParameters(includePrivateParameters: true)) { KeyId = issuer.Credentials.Key.KeyId };
        return issuer.Issue(change: token => token.SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.RsaSha256));
    }
}
