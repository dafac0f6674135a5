using System.Net;
using Dapr.Client;

namespace DaprOrders.SaveThenPublish;

internal static class Gateway
{
    private static readonly HttpClient OrderService = DaprClient.CreateInvokeHttpClient(
        "order", daprApiToken: Environment.GetEnvironmentVariable("DAPR_API_TOKEN"));

    public static void MapGateway(this WebApplication app) => app.MapPost("/orders", PlaceAsync);

    private static async Task<IResult> PlaceAsync(PlaceOrder request)
    {
        using var content = JsonContent.Create(request, options: Wire.Json);
        await content.LoadIntoBufferAsync(); // Dapr does not retry chunked requests
        using var response = await OrderService.PostAsync("/orders", content);
        if (response.StatusCode is not HttpStatusCode.Created)
        {
            return Results.StatusCode((int)response.StatusCode);
        }

        var order = await response.Content.ReadFromJsonAsync<OrderView>(Wire.Json);
        return Results.Created($"/orders/{order!.Id}", order);
    }
}
