using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.ServiceDefaults;

/// <summary>Reads from the environment, as Dapr sets it, where the service's sidecar listens and which app the service is.</summary>
/// <seealso href="https://docs.dapr.io/reference/environment/"/>
public static class DaprSidecar
{
    /// <summary>The name of the <see cref="HttpClient"/> that calls the sidecar, with the API token if there is one.</summary>
    public const string HttpClientName = "sidecar";

    /// <summary>Registers the <see cref="HttpClient"/> named <see cref="HttpClientName"/>. Repeated calls have no effect.</summary>
    public static IServiceCollection AddDaprSidecar(this IServiceCollection services)
    {
        // A repeated registration would add the token to each request once more, and the sidecar would refuse it.
        if (services.Any(service => service.ServiceType == typeof(IsAdded)))
        {
            return services;
        }

        services.AddSingleton<IsAdded>();
        services.AddHttpClient(HttpClientName, static (provider, client) =>
        {
            var configuration = provider.GetRequiredService<IConfiguration>();
            client.BaseAddress = HttpEndpoint(configuration);
            if (ApiToken(configuration) is { } token)
            {
                client.DefaultRequestHeaders.TryAddWithoutValidation("dapr-api-token", token);
            }
        }).RemoveAllLoggers().ConfigurePrimaryHttpMessageHandler(CreateHandler);
        return services;
    }

    /// <summary>
    /// Creates the handler of a client that calls the sidecar. It uses no proxy, which could not reach the sidecar, follows no redirects and stores no
    /// cookies.
    /// </summary>
    public static SocketsHttpHandler CreateHandler() => new() { UseProxy = false, AllowAutoRedirect = false, UseCookies = false };

    /// <summary>Returns the address of the sidecar's HTTP API: DAPR_HTTP_ENDPOINT, else DAPR_HTTP_PORT (default 3500) on 127.0.0.1.</summary>
    public static Uri HttpEndpoint(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration["DAPR_HTTP_ENDPOINT"] is { Length: > 0 } endpoint
            ? new Uri(endpoint)
            : new Uri($"http://127.0.0.1:{configuration.GetValue("DAPR_HTTP_PORT", 3500)}");
    }

    /// <summary>Returns DAPR_API_TOKEN, which the sidecar requires if it was started with it; null if it is not set.</summary>
    public static string? ApiToken(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration["DAPR_API_TOKEN"] is { Length: > 0 } token ? token : null;
    }

    /// <summary>Returns APP_ID: the name under which other apps invoke this service, and its consumer group.</summary>
    /// <exception cref="InvalidOperationException">APP_ID is not set.</exception>
    public static string AppId(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration["APP_ID"] is { Length: > 0 } appId
            ? appId
            : throw new InvalidOperationException(
                "APP_ID is not set. Dapr sets it: start the service with `dapr run` or a launch profile, or set it yourself.");
    }

    private sealed class IsAdded;
}
