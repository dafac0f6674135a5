using DaprOrders.Cli.Doctor;
using Spectre.Console;

namespace DaprOrders.Cli;

/// <summary>Writes progress to the console: a spinner on a terminal, plain lines elsewhere.</summary>
internal static class Output
{
    private static bool _isSpinning;

    /// <summary>Gets whether only plain lines are written. A spinner needs escape codes, even without colors.</summary>
    private static bool IsPlain => !AnsiConsole.Profile.Capabilities.Interactive || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };

    /// <summary>Writes a line without breaking it, so that it can be copied as one line even if the terminal wraps it.</summary>
    public static void Line(string text)
    {
        if (_isSpinning)
        {
            AnsiConsole.Write(new ControlCode(text + Environment.NewLine)); // only Spectre can write above its spinner, and it wraps ordinary text
        }
        else
        {
            Console.WriteLine(text);
        }
    }

    /// <summary>Writes a finding, in color on a terminal.</summary>
    public static void Finding(Finding finding)
    {
        AnsiConsole.Markup(finding.Severity switch
        {
            Severity.Ok => "[green]ok  [/]",
            Severity.Note => "[blue]note[/]",
            Severity.Warning => "[yellow]warn[/]",
            _ => "[red]FAIL[/]",
        });
        Line($" {finding.Check}: {finding.Text}");
    }

    /// <summary>Runs a step and writes how long it took.</summary>
    public static async Task StepAsync(string doing, string done, Func<Task> step)
    {
        var began = TimeProvider.System.GetTimestamp();
        if (IsPlain)
        {
            Line($"{doing} ...");
        }

        await WhileAsync(doing, step);
        Line($"{done} in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s");
    }

    /// <summary>Runs a step. On a terminal, shows a spinner until it is done.</summary>
    public static async Task WhileAsync(string doing, Func<Task> step)
    {
        if (IsPlain)
        {
            await step();
            return;
        }

        _isSpinning = true;
        try
        {
            await AnsiConsole.Status().StartAsync($"{Markup.Escape(doing)} ...", _ => step());
        }
        finally
        {
            _isSpinning = false;
        }
    }
}
