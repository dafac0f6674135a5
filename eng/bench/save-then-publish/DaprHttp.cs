namespace DaprOrders.SaveThenPublish;

/// <summary>The HTTP API of the sidecar.</summary>
internal static class DaprHttp
{
    /// <summary>Registers an HttpClient for the sidecar.</summary>
    public static void AddDaprHttpClient(this WebApplicationBuilder builder)
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{builder.Configuration["DAPR_HTTP_PORT"]}") };
        if (builder.Configuration["DAPR_API_TOKEN"] is { Length: > 0 } token)
        {
            client.DefaultRequestHeaders.Add("dapr-api-token", token);
        }

        builder.Services.AddSingleton(client);
    }

    public static async Task PublishAsync<T>(this HttpClient dapr, string topic, T message)
    {
        using var response = await dapr.PostAsJsonAsync($"/v1.0/publish/{Wire.PubSub}/{topic}", message, Wire.Json);
        response.EnsureSuccessStatusCode();
    }

    public static async Task<bool> IsHealthyAsync(this HttpClient dapr)
    {
        using var response = await dapr.GetAsync("/v1.0/healthz/outbound");
        return response.IsSuccessStatusCode;
    }
}
