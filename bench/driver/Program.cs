using DaprOrders.Bench;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;

var (options, status) = BenchOptions.Parse(args);
if (options is null)
{
    return status;
}

foreach (var kind in Environment.GetEnvironmentVariable("KINDS")?.Split(',').Select(Enum.Parse<SystemKind>) ?? [SystemKind.Ours])
{
    await using var system = await SystemUnderTest.StartAsync(kind, options);
    for (var i = 0; i < options.Rounds; i++)
    {
        foreach (var clients in new[] { 128, 32 })
        {
            var m = await system.MeasureAsync($"{clients} clients", clients, OrderBodies.Single(1000), options.Load);
            Console.WriteLine($"{kind} {clients}: {m.Orders} orders, {m.AcceptedPerSecond:F0}/s accepted, {m.EndToEndPerSecond:F0}/s e2e, backlog {m.BacklogAtEnd}, post {m.PostP50:F1}/{m.PostP99:F1} ms, services {m.ServicesCpu:F0}, pg {m.PostgresCpu:F0}");
            Console.WriteLine("   " + string.Join("  ", m.CpuPerOrder.Select(c => $"{c.Key} {c.Value:F0}")) + "  rss " + string.Join(" ", m.PeakRss.Select(c => $"{c.Key} {c.Value >> 20}")));
        }
    }
    Console.WriteLine(await system.MeasureSteadyAsync(100, options.Steady));
    Console.WriteLine($"idle {await system.MeasureIdleAsync(TimeSpan.FromSeconds(10)):P2}");
}
return 0;
