using DaprOrders.Gateway;
using DaprOrders.Gateway.Access;
using DaprOrders.Gateway.Coalescing;
using DaprOrders.Gateway.Invocation;
using DaprOrders.Gateway.Routes;
using DaprOrders.ServiceDefaults;

var builder = DaprService.CreateBuilder(args);

builder.AddServiceDefaults();
builder.Services.AddValidation();
builder.Services.AddOpenApi();
builder.AddAccess();
builder.AddInvocation();
builder.AddCoalescing();
builder.Services.AddRateLimit();
builder.RequireSidecar();

var app = builder.Build();

app.UseIdempotencyKey(); // first, so that every response has the key
app.MapDefaultEndpoints(beforeAuthorization: app.UseRateLimit);
app.MapOrders();
app.MapInventory();
app.MapNotifications();
app.MapDeadLetters();

return await app.RunUntilStoppedAsync();
