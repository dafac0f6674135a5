using System.Diagnostics;

namespace DaprOrders.Contracts.Tests.Events;

/// <summary>Runs programs that are installed on this machine.</summary>
internal static class Programs
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Runs a program until it exits, for at most three minutes.</summary>
    /// <returns>The exit status and the standard output. If the program failed, the output includes the standard error.</returns>
    public static async Task<(int Status, string Output)> RunAsync(string folder, string input, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Timeout);
        return (process.ExitCode, process.ExitCode == 0 ? await output : await output + await errors);
    }
}
