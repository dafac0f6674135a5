using System.Diagnostics;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.EndToEnd.Tests;

public sealed class ProcessesTests
{
    [Fact]
    public void Start_information_of_a_process_keeps_empty_arguments()
    {
        string[] arguments = ["-c", "read -r line", "sh", "--placement-host-address", "", "--scheduler-host-address", " "];
        using var process = Process.Start(new ProcessStartInfo("sh", arguments)
        {
            RedirectStandardInput = true,
            Environment = { ["EMPTY"] = "" },
        })!;
        try
        {
            var start = Platform.Current.HowStarted(process.Id)!;

            Assert.Equal(arguments, start.ArgumentList);
            Assert.Equal("", start.Environment["EMPTY"]);
            Assert.Equal(Environment.CurrentDirectory, start.WorkingDirectory);
        }
        finally
        {
            process.Kill();
        }
    }
}
