using Dapr.Client;
using DaprOrders.ServiceDefaults;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace DaprOrders.Gateway.Invocation;

internal static class InvocationExtensions
{
    /// <summary>The timeout of one attempt. A wait inside an attempt must be shorter.</summary>
    public static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The timeout of a request, with all its attempts.</summary>
    public static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(8);

    /// <summary>The timeout of a request that has already waited, instead of <see cref="TotalTimeout"/>.</summary>
    public static readonly HttpRequestOptionsKey<TimeSpan> RemainingTime = new("remaining time");

    private const long LargestBody = 64 << 10;

    /// <summary>Registers a client for each service, and limits the size of request bodies.</summary>
    public static void AddInvocation(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = LargestBody);
        builder.Services.AddExceptionHandler<UpstreamExceptionHandler>();
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddServiceClient<OrderClient>("order");
        builder.Services.AddServiceClient<InventoryClient>("inventory");
        builder.Services.AddServiceClient<NotificationClient>("notification");
    }

    private static void AddServiceClient<TClient>(this IServiceCollection services, string appId)
        where TClient : ServiceClient
    {
        var client = services.AddHttpClient<TClient>((provider, http) =>
        {
            http.BaseAddress = new Uri($"http://{appId}/");
            http.Timeout = Timeout.InfiniteTimeSpan; // the pipeline has the timeouts
            if (DaprSidecar.ApiToken(provider.GetRequiredService<IConfiguration>()) is { } token)
            {
                http.DefaultRequestHeaders.Add("dapr-api-token", token);
            }
        }).RemoveAllLoggers();

        client.ConfigurePrimaryHttpMessageHandler(DaprSidecar.CreateHandler);

        // The gateway retries, not Dapr: each attempt is a new call, which resolves the app id again and so reaches an instance that replaced
        // a dead one. Retrying a POST is safe, since each has an idempotency key.
        client.AddResilienceHandler("invoke", (pipeline, context) =>
        {
            pipeline.TimeProvider = context.ServiceProvider.GetRequiredService<TimeProvider>();
            pipeline
                .AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = attempt => ValueTask.FromResult(TimeoutOf(attempt.Context.GetRequestMessage())) })
                .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
                {
                    MaxRetryAttempts = int.MaxValue,
                    Delay = TimeSpan.FromMilliseconds(50),
                    MaxDelay = TimeSpan.FromSeconds(1),
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    ShouldHandle = attempt => ValueTask.FromResult(
                        attempt.Outcome.Exception is UpstreamException { Failure.IsTransient: true }),
                })
                .AddTimeout(AttemptTimeout);
        });
        client.AddHttpMessageHandler(() => new AttemptHandler());
        client.AddHttpMessageHandler(provider => new InvocationHandler
        {
            DaprEndpoint = DaprSidecar.HttpEndpoint(provider.GetRequiredService<IConfiguration>()).ToString(),
        });
    }

    /// <summary>Returns a positive time, because zero would mean no timeout.</summary>
    private static TimeSpan TimeoutOf(HttpRequestMessage? request) =>
        request is null || !request.Options.TryGetValue(RemainingTime, out var remaining) ? TotalTimeout
        : remaining > TimeSpan.Zero ? remaining
        : TimeSpan.FromMilliseconds(1);
}
