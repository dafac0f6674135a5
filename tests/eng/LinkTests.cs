using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests;

public sealed partial class LinkTests
{
    private static readonly EnumerationOptions AllFolders = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };

    [Fact]
    public void Every_link_between_documents_leads_to_a_file()
    {
        var pages = Directory.GetFiles(Repository.Root, "*.md", AllFolders)
            .Where(page => !Ignored().IsMatch(Path.GetRelativePath(Repository.Root, page)))
            .ToList();

        var broken = pages
            .SelectMany(page => Link().Matches(File.ReadAllText(page)).Select(match => (Page: page, Target: match.Groups[1].Value)))
            .Where(link => !Path.Exists(Path.Combine(Path.GetDirectoryName(link.Page)!, link.Target)))
            .Select(link => $"{Path.GetRelativePath(Repository.Root, link.Page)}: {link.Target}");

        Assert.NotEmpty(pages);
        Assert.Empty(broken);
    }

    // On GitHub, ../../actions leads to the workflows of the repository.
    [GeneratedRegex(@"\]\((?!https?:|#|\.\./\.\./actions/)([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(^|/)(artifacts|node_modules|\.git|\.dapr-orders)/")]
    private static partial Regex Ignored();
}
