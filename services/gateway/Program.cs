using DaprOrders.Gateway;
using DaprOrders.Gateway.Invocation;
using DaprOrders.Gateway.Routes;
using DaprOrders.ServiceDefaults;

var builder = HostingDefaults.CreateBuilder(args);

builder.AddInvocation();
builder.Services.AddRateLimit();
builder.AddDefaults();

var app = builder.Build();

app.UseDefaults();
app.UseRequestKey();
app.UseRateLimit();
app.MapOrders();
app.MapInventory();
app.MapNotifications();

return await app.RunServiceAsync(args);
