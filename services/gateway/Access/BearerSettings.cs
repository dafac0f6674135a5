using DaprOrders.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace DaprOrders.Gateway.Access;

/// <summary>
/// Checks the section <c>Authentication:Schemes:Bearer</c> when the gateway starts. Without these checks, a missing setting makes the framework
/// accept any audience, or refuse every token.
/// </summary>
internal sealed class BearerSettings(IConfiguration configuration) : IValidateOptions<ApiAuthentication>
{
    private const string Path = "Authentication:Schemes:Bearer";
    private const int MinKeyBytes = 32;

    private readonly IConfigurationSection _section = configuration.GetSection(Path);

    public static bool HasSigningKeys(IConfiguration configuration) => configuration.GetSection($"{Path}:SigningKeys").GetChildren().Any();

    public ValidateOptionsResult Validate(string? name, ApiAuthentication options) =>
        FindError() is { } error ? ValidateOptionsResult.Fail(error) : ValidateOptionsResult.Success;

    private string? FindError()
    {
        var issuers = Values("ValidIssuer").Concat(Values("ValidIssuers")).Distinct().ToList();
        var discovery = Values("MetadataAddress").Concat(Values("Authority")).FirstOrDefault();
        if (!Values("ValidAudience").Concat(Values("ValidAudiences")).Any())
        {
            return $"{Path}:ValidAudience is missing. Set it to the audience of the tokens for this API.";
        }

        if (issuers.Count > 1)
        {
            return $"{Path}:ValidIssuers has more than one issuer. Set one: two issuers can give the same subject to different clients.";
        }

        return (discovery, HasSigningKeys(configuration)) switch
        {
            (null, false) => $"{Path}:Authority is missing. Set it to the address of the issuer. In Development, `dotnet user-jwts create` creates a key instead.",
            (not null, true) => $"Set either {Path}:Authority or {Path}:SigningKeys, not both.",
            (null, true) when issuers.Count == 0 => $"{Path}:ValidIssuer is missing. It is required with {Path}:SigningKeys.",
            (null, true) when !_section.GetSection("SigningKeys").GetChildren().All(key => IsKeyOf(key, issuers[0])) =>
                $"A key of {Path}:SigningKeys is not valid. Its Issuer must be {issuers[0]}, and its Value at least {MinKeyBytes} bytes in Base64.",
            (not null, false) when !IsAddress(discovery) => $"{Path}:Authority must be a URL with https.",
            _ => null,
        };
    }

    private static bool IsKeyOf(IConfigurationSection key, string issuer)
    {
        var bytes = new byte[key["Value"]?.Length ?? 0];
        return key["Issuer"] == issuer && Convert.TryFromBase64String(key["Value"] ?? "", bytes, out var length) && length >= MinKeyBytes;
    }

    private bool IsAddress(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && bool.TryParse(_section["RequireHttpsMetadata"], out var isRequired) && !isRequired));

    private IEnumerable<string> Values(string name) =>
        _section.GetSection(name).GetChildren().Select(value => value.Value).Append(_section[name]).Where(value => !string.IsNullOrEmpty(value))!;
}
