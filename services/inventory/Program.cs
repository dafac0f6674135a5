using DaprOrders.InventoryService.Data;
using DaprOrders.InventoryService.Reservations;
using DaprOrders.InventoryService.Stock;
using DaprOrders.Messaging;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using DaprOrders.SetBasedSaveChanges;

var builder = DaprService.CreateBuilder(args);
var setBased = builder.Configuration.GetValue("SetBasedSaveChanges:Enabled", defaultValue: true);

builder.AddServiceDefaults();
builder.Services.AddValidation();
builder.Services.AddOpenApi();
builder.AddPostgres<InventoryDbContext>(options => options
    .UseSetBasedSaveChanges(setBased) // optional
    .UseDevelopmentStock(builder.Environment));
builder.Services.AddOptions<ReservationOptions>().BindConfiguration("Reservations").ValidateDataAnnotations().ValidateOnStart();
builder.AddMessaging<InventoryDbContext>();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapStock();
app.MapEvent<OrderCreated, OrderCreatedHandler>();
app.MapDeadLetters();
app.MapSubscribeHandler().RequireAuthorization(AccessPolicies.Sidecar);

return await app.RunServiceAsync<InventoryDbContext>(args);
