namespace DaprOrders.Cli.Doctor;

/// <summary>What a check found.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="Check">The name of the check.</param>
/// <param name="Text">What was found. Where something can be done about it, it ends with the command that does it.</param>
internal sealed record Finding(Severity Severity, string Check, string Text)
{
    /// <summary>Creates a finding about a file of the repository.</summary>
    public static Finding Broken(string check, string what, string path) =>
        new(Severity.Failure, check, $"{what}; correct it, or restore what was committed with: git restore {path}");
}

/// <summary>How bad a finding is.</summary>
internal enum Severity
{
    /// <summary>All is well.</summary>
    Ok,

    /// <summary>Nothing is wrong, but more is possible.</summary>
    Note,

    /// <summary>The system starts, though not on what this machine is set up for.</summary>
    Warning,

    /// <summary>The system does not start, or does not work.</summary>
    Failure,
}
