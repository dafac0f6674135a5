namespace DaprOrders.Gateway.Tests;

public sealed class ReferencesTests
{
    [Theory]
    [InlineData("Npgsql")]
    [InlineData("EntityFrameworkCore")]
    [InlineData("DaprOrders.Persistence")]
    [InlineData("DaprOrders.Messaging")]
    public async Task Gateway_is_built_without_a_database(string assembly)
    {
        var dependencies = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "DaprOrders.Gateway.deps.json"), TestContext.Current.CancellationToken);

        Assert.Contains("DaprOrders.ServiceDefaults", dependencies, StringComparison.Ordinal);
        Assert.DoesNotContain(assembly, dependencies, StringComparison.OrdinalIgnoreCase);
    }
}
