using System.Globalization;
using System.Net;
using DaprOrders.NoOp;

// One program for the four apps of dapr.yaml; APP_ID selects the app. Requests go through Kestrel only, without middleware.
var appId = Variable("APP_ID");
var sidecar = new Sidecar(Port("DAPR_HTTP_PORT"));
App service = appId switch
{
    "gateway" => Environment.GetEnvironmentVariable("NO_OP_COALESCING") is "true" ? new CoalescingGateway(sidecar) : new Gateway(sidecar),
    "order" => new OrderApp(sidecar),
    "inventory" => new InventoryApp(sidecar),
    "notification" => new NotificationApp(sidecar),
    _ => throw new InvalidOperationException($"APP_ID is {appId}: it must be gateway, order, inventory or notification."),
};

var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Listen(IPAddress.Loopback, Port("APP_PORT"));
});

var app = builder.Build();
app.Run(service.HandleAsync);
await app.RunAsync();

static int Port(string name) => int.Parse(Variable(name), CultureInfo.InvariantCulture);

static string Variable(string name) =>
    Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set. The benchmark starts this program with a run file.");
