using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DaprOrders.Messaging;

/// <summary>Where this service's Dapr sidecar is and who the service is, as Dapr tells it by the environment.</summary>
/// <seealso href="https://docs.dapr.io/reference/environment/"/>
public static class Sidecar
{
    /// <summary>The name of the <see cref="HttpClient"/> whose base address is the sidecar and which carries the API token, if there is one.</summary>
    public const string HttpClientName = "sidecar";

    /// <summary>Adds the <see cref="HttpClient"/> named <see cref="HttpClientName"/>, once.</summary>
    /// <param name="services">The services of the application.</param>
    public static void AddSidecarClient(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddHttpClient(HttpClientName, static (provider, client) =>
        {
            var configuration = provider.GetRequiredService<IConfiguration>();
            client.BaseAddress = HttpEndpoint(configuration);
            if (ApiToken(configuration) is { } token)
            {
                client.DefaultRequestHeaders.TryAddWithoutValidation("dapr-api-token", token);
            }
        }).RemoveAllLoggers().ConfigurePrimaryHttpMessageHandler(CreateHandler);
    }

    /// <summary>Creates the handler of a client that calls the sidecar. A proxy of the network cannot reach it, so none is asked.</summary>
    /// <returns>The handler. It follows no redirect, which would lead to a path of the sidecar, and keeps no cookies of one caller for all.</returns>
    public static SocketsHttpHandler CreateHandler() => new() { UseProxy = false, AllowAutoRedirect = false, UseCookies = false };

    /// <summary>Reads the address of the sidecar's HTTP API: DAPR_HTTP_ENDPOINT, else DAPR_HTTP_PORT (default 3500) on 127.0.0.1.</summary>
    /// <param name="configuration">The configuration, which contains the environment.</param>
    /// <returns>The base address.</returns>
    public static Uri HttpEndpoint(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration["DAPR_HTTP_ENDPOINT"] is { Length: > 0 } endpoint
            ? new Uri(endpoint)
            : new Uri($"http://127.0.0.1:{configuration.GetValue("DAPR_HTTP_PORT", 3500)}");
    }

    /// <summary>Reads DAPR_API_TOKEN, which the sidecar asks for when it was started with it.</summary>
    /// <param name="configuration">The configuration, which contains the environment.</param>
    /// <returns>The token, or null when none is set.</returns>
    public static string? ApiToken(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration["DAPR_API_TOKEN"] is { Length: > 0 } token ? token : null;
    }

    /// <summary>Reads APP_ID, which Dapr sets: the name under which others invoke this service, and its consumer group.</summary>
    /// <param name="configuration">The configuration, which contains the environment.</param>
    /// <returns>The app id.</returns>
    /// <exception cref="InvalidOperationException">APP_ID is not set.</exception>
    public static string AppId(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration["APP_ID"] is { Length: > 0 } appId
            ? appId
            : throw new InvalidOperationException(
                "APP_ID is not set. Dapr sets it: start the service by dapr.yaml (`dapr run -f dapr.yaml` or ./run.sh) or by its launch profile.");
    }
}
