using System.Diagnostics;
using System.Globalization;
using System.Text;
using DaprOrders.DevSidecar.Bench;

// Publishes batches to one sidecar, which delivers them in batches, and prints how many messages a second came through;
// then looks at what the idle program costs.
var messages = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 400_000;
var idle = TimeSpan.FromSeconds(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 20);
const int Batch = 100;
const int Publishers = 4;

await using var subscriber = await Subscriber.StartAsync();
await using var run = await MeasuredRun.StartAsync(subscriber.Port);
using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });

// What is compiled and opened at first use is not measured.
await PublishAsync(messages / 4);
await subscriber.ReceivedAsync(messages / 4);

var before = run.Cpu;
var clock = Stopwatch.StartNew();
await PublishAsync(messages);
var published = clock.Elapsed;
await subscriber.ReceivedAsync((messages / 4) + messages);
var delivered = clock.Elapsed;
var busy = run.Cpu - before;

before = run.Cpu;
await Task.Delay(idle);
var resting = run.Cpu - before;

Console.WriteLine($"| what | measured |");
Console.WriteLine($"| --- | --- |");
Print("messages published, in batches of 100 on 4 connections", $"{messages / published.TotalSeconds:N0}/s");
Print("messages published and delivered, both in batches of 100", $"{messages / delivered.TotalSeconds:N0}/s");
Print("CPU of dev-sidecar per message", $"{busy.TotalMicroseconds / messages:N1} µs");
Print("CPU of dev-sidecar when idle, with a bulk subscription", $"{100 * resting / idle:N2} % of a core");
return 0;

static void Print(string what, string measured) => Console.WriteLine($"| {what} | {measured} |");

async Task PublishAsync(int count)
{
    var left = count / Batch;
    await Task.WhenAll(Enumerable.Range(0, Publishers).Select(async publisher =>
    {
        var body = Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Range(0, Batch).Select(n =>
            $$$"""{"entryId":"{{{n}}}","event":{"order_id":"0198f2a4-0000-7000-8000-00000000{{{n:D4}}}","item_id":"item-1","quantity":1},"contentType":"application/json","metadata":{"partitionKey":"{{{publisher}}}-{{{n}}}"}}""")) + "]");
        while (Interlocked.Decrement(ref left) >= 0)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new("application/json");
            using var answer = await client.PostAsync($"http://127.0.0.1:{run.HttpPort}/v1.0/publish/bulk/pubsub/t", content);
            answer.EnsureSuccessStatusCode();
        }
    }));
}
