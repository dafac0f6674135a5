using DaprOrders.Gateway.Invocation;
using DaprOrders.Gateway.Routes;
using DaprOrders.Hosting;

var builder = WebApplication.CreateBuilder(args);

builder.AddInvocation();
builder.AddDefaults();

var app = builder.Build();

app.UseDefaults();
app.MapOrders();
app.MapInventory();
app.MapNotifications();

await app.RunAsync();
