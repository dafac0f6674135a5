using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests;

/// <summary>Checks that the services follow the pattern: entities and SaveChanges instead of SQL.</summary>
public sealed partial class PatternTests
{
    private static readonly string Services = Path.Combine(Repository.Root, "services");

    [Fact]
    public void Services_write_rows_through_EF_Core_outside_migrations()
    {
        var files = Sources().Where(file => !file.Name.Contains("/Migrations/", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(file => WritingSql().Matches(file.Text).Select(match => $"{file.Name}: {match.Value}")));
    }

    [Fact]
    public void Order_is_added_to_its_context_in_PlaceOrder() =>
        Assert.Contains(Sources(), file => file.Name == "services/order/Orders/PlaceOrder.cs" && file.Text.Contains("Orders.Add(", StringComparison.Ordinal));

    /// <summary>Serilog replaces the value of {EventId} with the number and the name of the log method.</summary>
    [Fact]
    public void Log_messages_do_not_use_the_placeholder_EventId()
    {
        var sources = Sources().Concat(Sources(Path.Combine(Repository.Root, "libs")));

        Assert.Empty(sources.Where(file => file.Text.Contains("{EventId}", StringComparison.Ordinal)).Select(file => file.Name));
    }

    private static IEnumerable<(string Name, string Text)> Sources() => Sources(Services);

    private static IEnumerable<(string Name, string Text)> Sources(string folder) => Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Select(file => (Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'), File.ReadAllText(file)));

    [GeneratedRegex("unnest|INSERT INTO|DELETE FROM|UPDATE [a-z]+ SET", RegexOptions.IgnoreCase)]
    private static partial Regex WritingSql();
}
