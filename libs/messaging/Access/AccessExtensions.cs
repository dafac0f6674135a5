using Dapr.AspNetCore;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace DaprOrders.Messaging;

/// <summary>Registers the policies of <see cref="AccessPolicies"/>.</summary>
internal static class AccessExtensions
{
    /// <summary>The name of the authentication scheme of <see cref="DaprAuthenticationBuilderExtensions"/>.</summary>
    public const string DaprScheme = "Dapr";

    public static void AddAccess(this IServiceCollection services)
    {
        services.AddAuthentication().AddDapr().AddScheme<OperatorOptions, OperatorAuthenticationHandler>(AccessPolicies.Operator, null);
        services.AddOptions<DaprAuthenticationOptions>(DaprScheme)
            .Configure<IConfiguration, IHostEnvironment>((options, configuration, environment) =>
                options.Token = configuration["APP_API_TOKEN"] ?? LocalToken.Read(environment, "app-api-token"))
            .Validate<IHostEnvironment>(
                (options, environment) => environment.IsDevelopment() || !string.IsNullOrWhiteSpace(options.Token),
                "APP_API_TOKEN is not set. Without it, anyone who reaches the service can send it events. Set the same value for the service and its sidecar.")
            .ValidateOnStart();
        services.AddOptions<OperatorOptions>(AccessPolicies.Operator)
            .Configure<IConfiguration, IHostEnvironment>((options, configuration, environment) =>
                options.Token = configuration["Operator:Token"] ?? LocalToken.Read(environment, "operator-token"));

        services.AddAuthorizationBuilder()
            .AddPolicy(AccessPolicies.Sidecar, policy => policy.AddAuthenticationSchemes(DaprScheme).AddRequirements(new SidecarRequirement()))
            .AddPolicy(AccessPolicies.Operator, policy => policy.AddAuthenticationSchemes(AccessPolicies.Operator).RequireAuthenticatedUser())
            .AddPolicy(AccessPolicies.Gateway, policy => policy.AddRequirements(new GatewayRequirement()));
        services.AddSingleton<GatewayCaller>();
        services.AddSingleton<IAuthorizationHandler, GatewayAccess>();
        ApiAuthentication.Add(services);
        services.AddSingleton<SidecarAccess>();
        services.AddSingleton<IAuthorizationHandler>(provider => provider.GetRequiredService<SidecarAccess>());
        services.AddHealthChecks().AddCheck<SidecarAccess>("app-api-token", HealthStatus.Degraded);
    }
}
