using DaprOrders.Cli.Doctor;
using Spectre.Console;

namespace DaprOrders.Cli;

/// <summary>Tells the user what happens: a spinner on a terminal, plain lines elsewhere.</summary>
internal static class Output
{
    private static bool _isSpinning;

    /// <summary>Gets whether nothing but lines is written. A spinner is drawn by escape codes, even without colors.</summary>
    private static bool IsPlain => !AnsiConsole.Profile.Capabilities.Interactive || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };

    /// <summary>Writes a line. The terminal wraps it, so that it can be copied in one piece.</summary>
    public static void Line(string text)
    {
        if (_isSpinning)
        {
            AnsiConsole.Write(new ControlCode(text + Environment.NewLine)); // only Spectre can write above its spinner, and it would wrap a text
        }
        else
        {
            Console.WriteLine(text);
        }
    }

    /// <summary>Shows a finding. Only a terminal shows a color.</summary>
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

    /// <summary>Shows a step that takes a while, and how long it took.</summary>
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

    /// <summary>Shows on a terminal that a step is running.</summary>
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
