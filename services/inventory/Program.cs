using DaprOrders.InventoryService.Data;
using DaprOrders.InventoryService.Reservations;
using DaprOrders.InventoryService.Stock;
using DaprOrders.Messaging;
using DaprOrders.ServiceDefaults;

var builder = HostingDefaults.CreateBuilder(args);

builder.AddDefaults();
builder.AddDatabase<InventoryDbContext>(DevelopmentStock.Seed);
builder.Services.AddOptions<ReservationOptions>().BindConfiguration("Reservations").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddOutbox();
builder.Services.AddEventHandling<InventoryDbContext>();

var app = builder.Build();

app.UseDefaults();
app.MapStock();
app.MapEvent<OrderCreated, OrderCreatedHandler>();
app.MapDeadLetters();
app.MapSubscribeHandler();

return await app.RunServiceAsync<InventoryDbContext>(args);
