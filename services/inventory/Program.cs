using DaprOrders.InventoryService.Data;
using DaprOrders.InventoryService.Reservations;
using DaprOrders.InventoryService.Stock;
using DaprOrders.Messaging;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;

var builder = DaprService.CreateBuilder(args);

builder.AddServiceDefaults();
builder.Services.AddValidation();
builder.Services.AddOpenApi();
builder.AddPostgres<InventoryDbContext>(builder.Environment.IsDevelopment() ? DevelopmentStock.Seed : null);
builder.Services.AddOptions<ReservationOptions>().BindConfiguration("Reservations").ValidateDataAnnotations().ValidateOnStart();
builder.AddMessaging<InventoryDbContext>();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapStock();
app.MapEvent<OrderCreated, OrderCreatedHandler>();
app.MapDeadLetters();
app.MapSubscribeHandler().RequireAuthorization(AccessPolicies.Sidecar);

return await app.RunServiceAsync<InventoryDbContext>(args);
