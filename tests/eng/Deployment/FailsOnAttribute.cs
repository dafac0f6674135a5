namespace DaprOrders.Eng.Tests.Deployment;

/// <summary>A change that the rule, and no other, must report. Without an old text it is a new file.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class FailsOnAttribute(string path, string from, string to, string finding) : Attribute
{
    public string Path { get; } = path;

    public string From { get; } = from;

    public string To { get; } = to;

    /// <summary>Gets what the rule says of that file then: key, and what is wrong.</summary>
    public string Finding { get; } = finding;
}
