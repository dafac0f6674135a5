using System.Net;
using DaprOrders.Stack;

namespace DaprOrders.EndToEnd.Tests;

public sealed class AttachedTests(StackFixture fixture)
{
    private static readonly string[] Databases = ["orders_db", "inventory_db", "notification_db"];

    [Fact]
    public async Task Attached_stack_neither_starts_nor_stops_the_running_system()
    {
        var settings = StackSettings.FromEnvironment() with
        {
            Attached = fixture.Stack.Gateway.BaseAddress,
            Connections = Databases.ToDictionary(database => database, database => fixture.Stack.ConnectionString(database)),
        };

        await using (var attached = new StackHost(settings: settings))
        {
            await attached.StartAsync();

            Assert.Empty(attached.Instances);
            Assert.Throws<InvalidOperationException>(() => attached.Runtime);
            Assert.Equal(1000L, await attached.QueryAsync("inventory_db", "SELECT count(*) FROM stock WHERE item_id ~ '^item-[0-9]+$'"));
            using var response = await attached.Gateway.GetAsync(new Uri("/orders", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        using var after = await fixture.Stack.Gateway.GetAsync(new Uri("/orders", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }
}
