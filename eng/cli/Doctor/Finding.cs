namespace DaprOrders.Cli.Doctor;

/// <summary>The result of a check.</summary>
/// <param name="Text">What was found. If it can be fixed, the text ends with the command that fixes it.</param>
internal sealed record Finding(Severity Severity, string Check, string Text)
{
    /// <summary>Creates a finding about a broken file of the repository.</summary>
    public static Finding Broken(string check, string what, string path) =>
        new(Severity.Failure, check, $"{what}; fix it, or restore the committed version with: git restore {path}");
}

/// <summary>How serious a finding is.</summary>
internal enum Severity
{
    /// <summary>The check passed.</summary>
    Ok,

    /// <summary>The system starts and works. The finding names what could be added.</summary>
    Note,

    /// <summary>The system starts, but does not use Dapr or the broker although Dapr is installed.</summary>
    Warning,

    /// <summary>The system does not start or does not work.</summary>
    Failure,
}
