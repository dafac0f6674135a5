namespace DaprOrders.Eng.Tests.Deployment;

/// <summary>A change that this rule must report, and no other rule. If <c>from</c> is empty, the change is a new file.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class FailsOnAttribute(string path, string from, string to, string finding) : Attribute
{
    public string Path { get; } = path;

    public string From { get; } = from;

    public string To { get; } = to;

    /// <summary>Gets the expected finding of the rule about this file: the key and the error.</summary>
    public string Finding { get; } = finding;
}
