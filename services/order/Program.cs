using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.OrderService.Orders;
using DaprOrders.OrderService.Settlement;
using DaprOrders.OrderService.Sweep;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using DaprOrders.SetBasedSaveChanges;

var builder = DaprService.CreateBuilder(args);
var setBased = builder.Configuration.GetValue("SetBasedSaveChanges:Enabled", defaultValue: true);

builder.AddServiceDefaults();
builder.Services.AddValidation();
builder.Services.AddOpenApi();
builder.AddPostgres<OrderDbContext>(options => options.UseSetBasedSaveChanges(setBased)); // optional
builder.AddMessaging<OrderDbContext>();
builder.Services.AddPlacementLimit();
builder.Services.AddSingleton<OrderMetrics>();
builder.Services.AddScoped<PlaceOrder>().AddSingleton<PlaceOrders>();
builder.Services.AddOptions<SweepOptions>().BindConfiguration("Sweep").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddSingleton<PendingOrderSweep>().AddHostedService(provider => provider.GetRequiredService<PendingOrderSweep>());
builder.Services.AddSingleton<SettlementWatch>().AddHostedService(provider => provider.GetRequiredService<SettlementWatch>());

var app = builder.Build();

app.MapDefaultEndpoints();
app.UseRateLimiter();
app.MapOrders();
app.MapEvent<InventoryUpdated, InventoryUpdatedHandler>();
app.MapDeadLetters();
app.MapSubscribeHandler().RequireAuthorization(AccessPolicies.Sidecar);

return await app.RunServiceAsync<OrderDbContext>(args);
