using DaprOrders.Messaging;
using DaprOrders.NotificationService.Data;
using DaprOrders.NotificationService.Notifications;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using DaprOrders.SetBasedSaveChanges;

var builder = DaprService.CreateBuilder(args);
var setBased = builder.Configuration.GetValue("SetBasedSaveChanges:Enabled", defaultValue: true);

builder.AddServiceDefaults();
builder.Services.AddValidation();
builder.Services.AddOpenApi();
builder.AddPostgres<NotificationDbContext>(options => options.UseSetBasedSaveChanges(setBased)); // optional
builder.AddMessaging<NotificationDbContext>();
builder.Services.AddSingleton<NotificationMetrics>();

var app = builder.Build();

app.MapDefaultEndpoints();
app.MapNotifications();
app.MapEvent<InventoryUpdated, InventoryUpdatedHandler>();
app.MapDeadLetters();
app.MapSubscribeHandler().RequireAuthorization(AccessPolicies.Sidecar);

return await app.RunServiceAsync<NotificationDbContext>(args);
