using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests;

/// <summary>Checks that docs/architecture.md names files that exist, and that the README shows the pattern of the code.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs/architecture.md"));

    private static readonly string[] FromProgramToTheRow =
    [
        "services/order/Program.cs",
        "services/order/Orders/OrderEndpoints.cs",
        "services/order/Orders/PlaceOrder.cs",
        "services/order/Orders/Order.cs",
        "services/order/Data/OrderDbContext.cs",
    ];

    [Fact]
    public void Page_lists_the_files_from_Program_to_the_row_of_an_order()
    {
        var section = Page.Split("\n## ").Single(section => section.StartsWith("From Program.cs to the row of an order", StringComparison.Ordinal));

        Assert.Equal(FromProgramToTheRow, SourceFile().Matches(section).Select(match => match.Groups[1].Value));
        Assert.All(FromProgramToTheRow, file => Assert.True(File.Exists(Path.Combine(Repository.Root, file)), file));
    }

    [Fact]
    public void Every_source_file_that_the_page_names_exists()
    {
        var files = SourceFile().Matches(Page).Select(match => match.Groups[1].Value).Distinct().ToList();

        var missing = files.Where(file => !File.Exists(Path.Combine(Repository.Root, file)));

        Assert.True(files.Count > FromProgramToTheRow.Length, "The page names no files of the later steps.");
        Assert.Empty(missing);
    }

    [Fact]
    public void Pattern_in_the_README_is_the_code_of_PlaceOrder()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        var useCase = File.ReadAllLines(Path.Combine(Repository.Root, "services/order/Orders/PlaceOrder.cs")).Select(line => line.Trim()).ToList();

        var pattern = CSharp().Match(readme).Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(3, pattern.Length);
        Assert.All(pattern, line => Assert.Contains(line, useCase));
    }

    [Fact]
    public void README_has_at_most_120_lines() => Assert.InRange(File.ReadAllLines(Path.Combine(Repository.Root, "README.md")).Length, 1, 120);

    /// <summary>Matches a path in backticks. Files in the root of the repository have no slash and are not matched.</summary>
    [GeneratedRegex(@"`([^`\s]+/[^`\s]+\.(?:cs|csproj|json|md|mjs|props|sql|yaml|yml))`")]
    private static partial Regex SourceFile();

    [GeneratedRegex("^```csharp\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CSharp();
}
