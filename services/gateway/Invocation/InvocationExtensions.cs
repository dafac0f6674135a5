using Dapr.Client;
using DaprOrders.ServiceDefaults;
using Polly;
using Polly.Retry;

namespace DaprOrders.Gateway.Invocation;

internal static class InvocationServices
{
    /// <summary>How long one attempt may take; a wait inside it must be shorter.</summary>
    public static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(8);
    private const long LargestBody = 64 << 10;

    /// <summary>Adds the clients that call the services by Dapr service invocation, and limits the bodies that are passed on.</summary>
    public static void AddInvocation(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = LargestBody);
        builder.Services.AddExceptionHandler<InvocationProblems>();
        builder.Services.AddApp<OrderApp>("order");
        builder.Services.AddApp<InventoryApp>("inventory");
        builder.Services.AddApp<NotificationApp>("notification");
    }

    private static void AddApp<TApp>(this IServiceCollection services, string appId)
        where TApp : App
    {
        var client = services.AddHttpClient<TApp>((provider, http) =>
        {
            http.BaseAddress = new Uri($"http://{appId}/");
            http.Timeout = Timeout.InfiniteTimeSpan; // the pipeline below ends it
            if (DaprSidecar.ApiToken(provider.GetRequiredService<IConfiguration>()) is { } token)
            {
                http.DefaultRequestHeaders.Add("dapr-api-token", token);
            }
        }).RemoveAllLoggers();

        client.ConfigurePrimaryHttpMessageHandler(DaprSidecar.CreateHandler);

        // The gateway retries by itself, not Dapr: each attempt is a new call, which resolves the name anew, so that it reaches the instance
        // that replaced a dead one. Repeating a POST is safe, since each carries an idempotency key.
        client.AddResilienceHandler("invoke", (pipeline, context) =>
        {
            pipeline.TimeProvider = context.ServiceProvider.GetRequiredService<TimeProvider>();
            pipeline
                .AddTimeout(TotalTimeout)
                .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
                {
                    MaxRetryAttempts = int.MaxValue,
                    Delay = TimeSpan.FromMilliseconds(50),
                    MaxDelay = TimeSpan.FromSeconds(1),
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    ShouldHandle = attempt => ValueTask.FromResult(
                        attempt.Outcome.Exception is InvocationException { Failure.IsWorthRepeating: true }),
                })
                .AddTimeout(AttemptTimeout);
        });
        client.AddHttpMessageHandler(() => new AttemptHandler());
        client.AddHttpMessageHandler(provider => new InvocationHandler
        {
            DaprEndpoint = DaprSidecar.HttpEndpoint(provider.GetRequiredService<IConfiguration>()).ToString(),
        });
    }
}
