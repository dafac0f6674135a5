using DaprOrders.Gateway.Invocation;
using Microsoft.Extensions.Options;

namespace DaprOrders.Gateway.Coalescing;

/// <summary>The settings of coalescing. Configuration section <c>Coalescing</c>.</summary>
internal sealed class CoalescingOptions
{
    /// <summary>Gets whether concurrent requests share calls to the order service. Default: true.</summary>
    public bool Enabled { get; set; } = true;
}

internal static class CoalescingExtensions
{
    /// <summary>Lets concurrent <c>POST /orders</c> share calls to the order service. Optional: without it, each request makes its own call.</summary>
    public static void AddCoalescing(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<CoalescingOptions>()
            .Configure<IConfiguration>((options, configuration) => options.Enabled = !bool.TryParse(Setting(configuration), out var enabled) || enabled)
            .Validate<IConfiguration>((_, configuration) => Setting(configuration) is null || bool.TryParse(Setting(configuration), out var _), "Coalescing:Enabled must be true or false.")
            .ValidateOnStart();
        builder.Services.AddSingleton<CoalescingMetrics>().AddSingleton<GroupSender>().AddSingleton<OrderQueue>();
        builder.Services.AddHttpClient<OrderClient>().ConfigureAdditionalHttpMessageHandlers((handlers, provider) =>
        {
            if (provider.GetRequiredService<IOptions<CoalescingOptions>>().Value.Enabled)
            {
                // Before the handlers that retry: they then retry the shared call, and not each order.
                handlers.Insert(0, ActivatorUtilities.CreateInstance<CoalescingHandler>(provider));
            }
        });
    }

    private static string? Setting(IConfiguration configuration) => configuration["Coalescing:Enabled"] is { Length: > 0 } setting ? setting : null;
}
