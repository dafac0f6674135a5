using System.Text.RegularExpressions;
using DaprOrders.Cli.Testing;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests;

/// <summary>Checks that every test belongs to a form. Explicit tests run only with their form.</summary>
public sealed partial class FormTests
{
    private static readonly string[] Folders = ["tests", "eng"];

    [Fact]
    public void Every_class_with_explicit_tests_belongs_to_a_form()
    {
        var forms = TestForm.All.Concat(TestForm.Long).Select(form => form.Name).ToHashSet();

        var withoutForm = Folders.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, folder), "*Tests.cs", SearchOption.AllDirectories))
            .Select(file => (Name: Path.GetRelativePath(Repository.Root, file), Text: File.ReadAllText(file)))
            .Where(file => ExplicitTest().IsMatch(file.Text) && !forms.Contains(Form().Match(file.Text).Groups[1].Value))
            .Select(file => file.Name);

        Assert.Empty(withoutForm);
    }

    [Fact]
    public void Every_test_project_belongs_to_a_form()
    {
        var projects = Folders.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.Tests.csproj", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Repository.Root, Path.GetDirectoryName(file)!));

        Assert.Equal(projects.Order(), TestForm.All.SelectMany(form => form.Steps).SelectMany(step => step).Select(project => project.Folder).Distinct().Order());
    }

    [GeneratedRegex("^    \\[(Fact|Theory)\\(.*Explicit = true.*\\)\\]", RegexOptions.Multiline)]
    private static partial Regex ExplicitTest();

    [GeneratedRegex("^\\[Trait\\(\"Form\", \"([a-z]+)\"\\)\\]", RegexOptions.Multiline)]
    private static partial Regex Form();
}
