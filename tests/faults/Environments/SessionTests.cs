using System.Net;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Faults.Tests.Environments;

/// <summary>Ends all sessions of PostgreSQL, as a failover, a pooler or a firewall does.</summary>
[Trait("Form", "faults")]
public sealed class SessionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task Request_after_the_sessions_of_the_databases_have_ended_succeeds()
    {
        AttachedSystem.Skip();
        await using var stack = new StackHost();
        await stack.StartAsync();
        var first = await OneOrder.PlaceAsync(stack);
        await using var server = NpgsqlDataSource.Create(stack.Postgres.Superuser);

        foreach (var path in (string[])["/orders", $"/orders/{first}", "/orders", "/inventory/item-7", "/notifications"])
        {
            await EndSessionsAsync(server);
            using var response = await stack.Gateway.GetAsync(new Uri(path, UriKind.Relative), Cancel);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await EndSessionsAsync(server);
        var last = await OneOrder.PlaceAsync(stack);
        await Wait.UntilAsync("the order to be confirmed", async () =>
            await stack.QueryAsync("orders_db", $"SELECT status FROM orders WHERE id = '{last}'") is "confirmed");
    }

    private static async Task EndSessionsAsync(NpgsqlDataSource server)
    {
        await using var end = server.CreateCommand(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()");
        await end.ExecuteNonQueryAsync(Cancel);
    }
}
