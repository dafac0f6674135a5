using DaprOrders.OrderService.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.OrderService.Tests.Data;

public sealed class SetBasedSaveChangesTests(OrderServiceFixture fixture)
{
    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public async Task Setting_turns_set_based_inserts_on_and_off(string value, bool expected)
    {
        await using var host = await fixture.StartAsync(("SetBasedSaveChanges:Enabled", value));

        var options = host.Services.GetRequiredService<DbContextOptions<OrderDbContext>>();

        Assert.Equal(expected, options.Extensions.Any(extension => extension.Info.LogFragment.Contains("set-based", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Service_does_not_start_with_a_malformed_setting()
    {
        await using var host = await fixture.StartAsync(("SetBasedSaveChanges:Enabled", "maybe"));

        var e = Record.Exception(host.Start);

        Assert.Contains("SetBasedSaveChanges:Enabled", e?.Message, StringComparison.Ordinal);
    }
}
