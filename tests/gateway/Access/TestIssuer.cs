using System.Security.Cryptography;
using DaprOrders.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.Gateway.Tests.Access;

/// <summary>Issues tokens, and serves its public key as an OpenID Connect provider does.</summary>
public sealed class TestIssuer : IDisposable
{
    public const string Audience = "dapr-orders";
    public const string Subject = "alice";

    private const string KeyId = "key-1";

    private readonly SidecarStub _server = new(); // only for its web server
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly RsaSecurityKey _key;

    public TestIssuer()
    {
        _key = new RsaSecurityKey(_rsa) { KeyId = KeyId };
        var publicKey = _rsa.ExportParameters(includePrivateParameters: false);
        Serve("/.well-known/openid-configuration", $$"""{"issuer":"{{Url}}","jwks_uri":"{{Url}}/keys"}""");
        Serve("/keys", $$"""{"keys":[{"kty":"RSA","use":"sig","kid":"{{KeyId}}","n":"{{Base64UrlEncoder.Encode(publicKey.Modulus)}}","e":"{{Base64UrlEncoder.Encode(publicKey.Exponent)}}"}]}""");
    }

    public string Url => _server.Url;

    /// <summary>Gets the settings of a gateway that trusts this issuer.</summary>
    public (string Key, string Value)[] Settings =>
    [
        ("Authentication:Enabled", "true"),
        ("Authentication:Schemes:Bearer:Authority", Url),
        ("Authentication:Schemes:Bearer:RequireHttpsMetadata", "false"),
        ("Authentication:Schemes:Bearer:ValidIssuer", Url),
        ("Authentication:Schemes:Bearer:ValidAudiences:0", Audience),
    ];

    /// <summary>Gets the key with which this issuer signs.</summary>
    public SigningCredentials Credentials => new(_key, SecurityAlgorithms.RsaSha256);

    /// <summary>Gets what an attacker can know of the key: the forms in which a public key is published.</summary>
    public IReadOnlyList<byte[]> PublicKeys =>
        [_rsa.ExportSubjectPublicKeyInfo(), _rsa.ExportRSAPublicKey(), System.Text.Encoding.ASCII.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem()), _rsa.ExportParameters(false).Modulus!];

    /// <summary>Issues a token of <see cref="Subject"/> with the scopes, separated by spaces.</summary>
    /// <param name="change">Changes the token before it is signed.</param>
    public string Issue(string scopes = "orders.read orders.write", Action<SecurityTokenDescriptor>? change = null)
    {
        var token = new SecurityTokenDescriptor
        {
            Issuer = Url,
            Audience = Audience,
            NotBefore = DateTime.UtcNow.AddMinutes(-10),
            IssuedAt = DateTime.UtcNow.AddMinutes(-10),
            Expires = DateTime.UtcNow.AddMinutes(10),
            Claims = new Dictionary<string, object> { ["sub"] = Subject, ["scope"] = scopes },
            SigningCredentials = Credentials,
        };
        change?.Invoke(token);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(token);
    }

    public void Dispose()
    {
        _server.Dispose();
        _rsa.Dispose();
    }

    private void Serve(string path, string json) => _server.Server.Given(Request.Create().UsingGet().WithPath(path))
        .RespondWith(Response.Create().WithStatusCode(200).WithHeader("Content-Type", "application/json").WithBody(json));
}
