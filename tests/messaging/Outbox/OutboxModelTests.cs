using DaprOrders.Stack;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace DaprOrders.Messaging.Tests.Outbox;

public sealed class OutboxModelTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Service_without_an_outbox_runs_no_relay()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Configuration.AddInMemoryCollection(
            [new("APP_API_TOKEN", "any"), new("ConnectionStrings:Database", $"Host=127.0.0.1;Port={FreePort.Take()};Username=nobody;Database=none")]);
        builder.Services.AddDbContext<ReaderDbContext>((provider, options) =>
            options.UseNpgsql(provider.GetRequiredService<IConfiguration>().GetConnectionString("Database")));
        builder.AddMessaging<ReaderDbContext>();
        await using var app = builder.Build();
        await app.StartAsync(Cancel);

        var relay = app.Services.GetServices<IHostedService>().OfType<RelayService>().Single();
        await relay.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        var health = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name is "outbox", Cancel);

        Assert.Equal(HealthStatus.Healthy, health.Status);
    }

    /// <summary>The context of a service that only handles events.</summary>
    internal sealed class ReaderDbContext(DbContextOptions<ReaderDbContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddDeadLetters();
    }
}
