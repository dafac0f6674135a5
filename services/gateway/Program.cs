using DaprOrders.Gateway;
using DaprOrders.Gateway.Invocation;
using DaprOrders.Gateway.Routes;
using DaprOrders.ServiceDefaults;

var builder = DaprService.CreateBuilder(args);

builder.AddInvocation();
builder.Services.AddRateLimit();
builder.AddServiceDefaults();
builder.RequireSidecar();

var app = builder.Build();

app.MapDefaultEndpoints();
app.UseRequestKey();
app.UseRateLimit();
app.MapOrders();
app.MapInventory();
app.MapNotifications();

return await app.RunServiceAsync(args);
