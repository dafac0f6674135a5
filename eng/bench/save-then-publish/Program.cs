using System.Text.Json;
using DaprOrders.SaveThenPublish;

// One program for the four apps of dapr.yaml; APP_ID selects the app.
var builder = WebApplication.CreateBuilder(args);
var appId = builder.Configuration["APP_ID"];

builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
builder.AddDaprHttpClient();

switch (appId)
{
    case "order":
        builder.AddDatabase<OrderDbContext>();
        break;
    case "inventory":
        builder.AddDatabase<InventoryDbContext>();
        break;
    case "notification":
        builder.AddDatabase<NotificationDbContext>();
        break;
}

var app = builder.Build();

app.UseCloudEvents();
app.MapSubscribeHandler();
app.MapGet("/healthz/ready", async (HttpClient dapr) => await dapr.IsHealthyAsync() ? Results.Ok() : Results.StatusCode(503));

switch (appId)
{
    case "gateway":
        app.MapGateway();
        break;
    case "order":
        await app.CreateTablesAsync<OrderDbContext>();
        app.MapOrders();
        break;
    case "inventory":
        await app.CreateTablesAsync<InventoryDbContext>();
        await app.AddStockAsync();
        app.MapInventory();
        break;
    case "notification":
        await app.CreateTablesAsync<NotificationDbContext>();
        app.MapNotifications();
        break;
    default:
        throw new InvalidOperationException($"APP_ID is {appId}: it must be gateway, order, inventory or notification.");
}

app.Run($"http://127.0.0.1:{builder.Configuration["APP_PORT"]}");
