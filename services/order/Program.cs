using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.OrderService.Orders;
using DaprOrders.OrderService.Settlement;
using DaprOrders.OrderService.Sweep;
using DaprOrders.ServiceDefaults;

var builder = HostingDefaults.CreateBuilder(args);

builder.AddDefaults();
builder.Services.AddValidation();
builder.AddDatabase<OrderDbContext>();
builder.Services.AddOutbox();
builder.Services.AddEventHandling<OrderDbContext>();
builder.Services.AddSingleton<OrderPlacement>().AddSingleton<GroupCommit>();
builder.Services.AddOptions<SweepOptions>().BindConfiguration("Sweep").ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddSingleton<PendingOrderSweep>().AddHostedService(provider => provider.GetRequiredService<PendingOrderSweep>());
builder.Services.AddSingleton<SettlementWatch>().AddHostedService(provider => provider.GetRequiredService<SettlementWatch>());

var app = builder.Build();

app.UseDefaults();
app.MapOrders();
app.MapEvent<InventoryUpdated, InventoryUpdatedHandler>();
app.MapDeadLetters();
app.MapSubscribeHandler();

return await app.RunServiceAsync<OrderDbContext>(args);
