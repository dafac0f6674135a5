using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DaprOrders.ServiceDefaults;

/// <summary>The setting <c>Authentication:Enabled</c>, which decides whether clients of the API need a token.</summary>
public sealed class ApiAuthentication
{
    private string? _setting;

    /// <summary>Gets whether authentication is on; null if the setting is missing.</summary>
    public bool? Enabled => bool.TryParse(_setting, out var enabled) ? enabled : null;

    /// <summary>Registers the setting. A value other than <c>true</c> and <c>false</c> prevents the start.</summary>
    public static void Add(IServiceCollection services) => services.AddOptions<ApiAuthentication>()
        .Configure<IConfiguration>((authentication, configuration) => authentication._setting = configuration["Authentication:Enabled"])
        .Validate(
            authentication => string.IsNullOrEmpty(authentication._setting) || authentication.Enabled is not null,
            "Authentication:Enabled must be true or false.")
        .ValidateOnStart();

    /// <summary>Prevents the start outside Development if the setting is missing.</summary>
    public static void Require(IServiceCollection services) => services.AddOptions<ApiAuthentication>()
        .Validate<IHostEnvironment>(
            (authentication, environment) => environment.IsDevelopment() || !string.IsNullOrEmpty(authentication._setting),
            "Authentication:Enabled is not set. Set it to true to require tokens, or to false to let everyone who reaches the gateway read and place all orders.");
}
