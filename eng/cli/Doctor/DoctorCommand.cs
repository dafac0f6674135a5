using System.CommandLine;

namespace DaprOrders.Cli.Doctor;

/// <summary>The <c>doctor</c> command. Finds what prevents the system from starting.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command("doctor", "Checks whether the system can start here. Each finding ends with the command that fixes it.");
        command.SetAction((_, cancellationToken) => Checks.RunAsync(cancellationToken));
        return command;
    }
}
