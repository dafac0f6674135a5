using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;

namespace DaprOrders.Gateway.Access;

internal static class AccessExtensions
{
    /// <summary>Registers a policy for each scope, and the authentication of clients if <c>Authentication:Enabled</c> is true.</summary>
    public static void AddAccess(this WebApplicationBuilder builder)
    {
        var isEnabled = bool.TryParse(builder.Configuration["Authentication:Enabled"], out var enabled) && enabled;
        ApiAuthentication.Add(builder.Services);
        ApiAuthentication.Require(builder.Services);
        if (isEnabled)
        {
            builder.Services.AddBearer();
        }

        builder.Services.Configure<OpenApiOptions>("v1", AccessDocument.Configure);
        builder.Services.AddSingleton<IAuthorizationHandler, ScopeHandler>();
        builder.Services.AddAuthorization(options =>
        {
            foreach (var scope in Scopes.All)
            {
                options.AddPolicy(scope, policy => policy
                    .AddAuthenticationSchemes(isEnabled ? [JwtBearerDefaults.AuthenticationScheme] : [])
                    .AddRequirements(new ScopeRequirement(scope)));
            }
        });
    }
}
