using DaprOrders.DaprEmulator.Tests.Supervision;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>Runs an app that is written in another language and does not use the other projects of the repository.</summary>
public sealed class NodeAppTests : IAsyncDisposable
{
    private const string App = """
        const http = require('http');
        const dapr = `http://127.0.0.1:${process.env.DAPR_HTTP_PORT}/v1.0`;
        const read = async request => Buffer.concat(await request.toArray()).toString();
        http.createServer(async (request, response) => {
          const body = await read(request);
          switch (request.url) {
            case '/dapr/subscribe':
              response.setHeader('content-type', 'application/json');
              response.end(JSON.stringify([{ pubsubname: 'bus', topic: 'greetings', route: '/greeted' }]));
              break;
            case '/greet':
              await fetch(`${dapr}/publish/bus/greetings`, {
                method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ hello: body }),
              });
              response.end('greeted ' + body);
              break;
            case '/greeted':
              console.log('received', JSON.parse(body).data.hello);
              response.end();
              break;
            default:
              response.statusCode = 404;
              response.end();
          }
        }).listen(process.env.APP_PORT, '127.0.0.1', () => console.log('listening'));
        """;

    private readonly TestRun _run = new();

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    [Fact]
    public async Task Node_app_can_be_invoked_and_can_publish_and_subscribe()
    {
        int appPort = FreePort.Take(), httpPort = FreePort.Take();
        await File.WriteAllTextAsync(_run.InFolder("app", "app.js"), App, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            _run.InFolder("resources", "bus.yaml"),
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: bus}\nspec: {type: pubsub.redis, version: v1, metadata: [{name: redisHost, value: x}]}\n",
            TestContext.Current.CancellationToken);
        _run.WriteRunFile(("greeter", $"appPort: {appPort}, daprHTTPPort: {httpPort},", "exec node app.js"));
        _run.Start();
        await _run.WaitForLineAsync("== APP - greeter == listening");
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{httpPort}") };
        using var response = await client.PostAsync("/v1.0/invoke/greeter/method/greet", new StringContent("Ada"), TestContext.Current.CancellationToken);

        Assert.Equal("greeted Ada", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await _run.WaitForLineAsync("== APP - greeter == received Ada");
    }
}
