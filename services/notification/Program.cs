using DaprOrders.Messaging;
using DaprOrders.NotificationService.Data;
using DaprOrders.NotificationService.Notifications;
using DaprOrders.ServiceDefaults;

var builder = HostingDefaults.CreateBuilder(args);

builder.AddDefaults();
builder.AddDatabase<NotificationDbContext>();
builder.Services.AddEventHandling<NotificationDbContext>();

var app = builder.Build();

app.UseDefaults();
app.MapNotifications();
app.MapEvent<InventoryUpdated, InventoryUpdatedHandler>();
app.MapDeadLetters();
app.MapSubscribeHandler();

return await app.RunServiceAsync<NotificationDbContext>(args);
