using DaprOrders.Stack;

namespace DaprOrders.Cli.Doctor;

/// <summary>Checks whether Dapr is installed. The system starts without it.</summary>
internal static class DaprCheck
{
    private const string Name = "Dapr";

    private static readonly string Install =
        OperatingSystem.IsWindows() ? "winget install Dapr.CLI && dapr init --slim"
        : OperatingSystem.IsMacOS() ? "brew install dapr/tap/dapr-cli && dapr init --slim"
        : "curl -fsSL https://raw.githubusercontent.com/dapr/cli/master/install/install.sh | bash && dapr init --slim";

    public static Finding Run(DaprPrograms dapr) => dapr switch
    {
        { Cli: null } => new Finding(Severity.Note, Name, $"not installed: the emulator is used; install Dapr with: {Install}"),
        { HasRuntime: false } => new Finding(
            Severity.Warning, Name, $"the CLI is installed, but {dapr.Runtime} is missing: the emulator is used; install the runtime with: dapr init --slim"),
        _ => new Finding(Severity.Ok, Name, $"{dapr.Cli} with {dapr.Runtime}"),
    };
}
