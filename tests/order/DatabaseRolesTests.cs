using System.Net;
using System.Net.Http.Json;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Npgsql;

namespace DaprOrders.OrderService.Tests;

public sealed class DatabaseRolesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Service_that_had_one_role_keeps_its_orders_with_two_roles()
    {
        await using var cluster = await PostgresCluster.StartAsync();
        var file = RunFile.Read(Path.Combine(Repository.Root, "dapr.yaml"));
        file.UsePostgres(cluster.Port);
        var (service, owner) = file.Databases["order"];
        await cluster.ExecuteAsync($"CREATE ROLE {service.Username} LOGIN PASSWORD '{service.Password}'");
        await cluster.ExecuteAsync($"CREATE DATABASE {service.Database} OWNER {service.Username}");
        await using (var before = new ServiceHost<Program>("order", service.ConnectionString, new SidecarStub()))
        {
            await PlaceAsync(before); // the migrations run with the role of the service
            await before.Sidecar.PublishedAsync("order.created", 1);
        }

        var script = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "postgres", "init.sql"), Cancel);
        await new ServiceDatabases(file.Databases, new NpgsqlConnectionStringBuilder(cluster.Superuser)).PrepareAsync(script, Cancel);

        await using var after = new ServiceHost<Program>(
            "order", service.ConnectionString, new SidecarStub(), ("ConnectionStrings:Migrations", owner!.ConnectionString));
        await PlaceAsync(after);
        Assert.Equal(2L, await after.QueryAsync<long>("SELECT count(*) FROM orders"));
        await after.Sidecar.PublishedAsync("order.created", 1);
        var error = await Assert.ThrowsAsync<PostgresException>(() => after.ExecuteAsync("CREATE TABLE other ()"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
        Assert.DoesNotContain(after.Warnings, warning => warning.StartsWith("Database settings are wrong", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Service_without_rights_and_without_a_connection_for_migrations_is_not_ready()
    {
        await using var cluster = await PostgresCluster.StartAsync();
        await cluster.RunScriptAsync(Path.Combine(Repository.Root, "postgres", "init.sql"));
        var file = RunFile.Read(Path.Combine(Repository.Root, "dapr.yaml"));
        file.UsePostgres(cluster.Port);
        await using var host = new ServiceHost<Program>("order", file.Databases["order"].Service.ConnectionString, new SidecarStub());
        using var client = host.CreateClient();

        using var response = await client.GetAsync(new Uri("/healthz/ready", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("permission denied for schema public", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static async Task PlaceAsync(ServiceHost<Program> host)
    {
        using var client = host.CreateClient();
        using var response = await client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }
}
