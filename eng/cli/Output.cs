using Spectre.Console;

namespace DaprOrders.Cli;

/// <summary>Tells the user what happens: a spinner on a terminal, plain lines elsewhere.</summary>
internal static class Output
{
    public static void Line(string text) => Console.WriteLine(text); // AnsiConsole would wrap it

    /// <summary>Shows a step that takes a while, and how long it took.</summary>
    public static async Task StepAsync(string doing, string done, Func<Task> step)
    {
        var began = TimeProvider.System.GetTimestamp();
        if (AnsiConsole.Profile.Capabilities.Interactive)
        {
            await AnsiConsole.Status().StartAsync($"{Markup.Escape(doing)} ...", _ => step());
        }
        else
        {
            Line($"{doing} ...");
            await step();
        }

        Line($"{done} in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s");
    }
}
