using System.Reflection;

namespace DaprOrders.Eng.Tests.Deployment;

/// <summary>Checks the rules, which are the public methods of the classes in Rules/. The attributes of a rule are changes that it must report.</summary>
public sealed class DeploymentTests
{
    private static readonly List<MethodInfo> Methods = typeof(DeploymentTests).Assembly.GetTypes()
        .Where(type => type.Namespace == "DaprOrders.Eng.Tests.Deployment.Rules")
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static))
        .OrderBy(rule => rule.Name, StringComparer.Ordinal)
        .ToList();

    public static TheoryData<string> Rules => [.. Methods.Select(rule => rule.Name)];

    public static TheoryData<string, int> Changes =>
        [.. Methods.SelectMany(rule => FailsOn(rule).Select((_, i) => new TheoryDataRow<string, int>(rule.Name, i)))];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Files_follow_the_rule(string rule) =>
        Assert.Empty(Findings(Methods.Single(method => method.Name == rule), DeploymentFiles.OfThisClone));

    [Theory]
    [MemberData(nameof(Changes))]
    public void Change_is_reported_by_its_rule_only(string rule, int number)
    {
        var change = FailsOn(Methods.Single(method => method.Name == rule)).ElementAt(number);

        var files = DeploymentFiles.OfThisClone.With(change.Path, change.From, change.To);
        var findings = Methods.SelectMany(method => Findings(method, files).Select(finding => $"{method.Name} - {finding}"));

        Assert.Equal([$"{rule} - {change.Path}: {change.Finding}"], findings);
    }

    [Fact]
    public void Every_rule_has_a_change_that_it_reports() =>
        Assert.Empty(Methods.Where(rule => !FailsOn(rule).Any()).Select(rule => rule.Name));

    private static IEnumerable<FailsOnAttribute> FailsOn(MethodInfo rule) => rule.GetCustomAttributes<FailsOnAttribute>();

    private static List<string> Findings(MethodInfo rule, DeploymentFiles files) =>
        rule.CreateDelegate<Func<DeploymentFiles, IEnumerable<string>>>()(files).ToList();
}
