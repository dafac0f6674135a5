using System.CommandLine;

namespace DaprOrders.Cli.Testing;

/// <summary>The <c>test</c> command. Builds the solution and runs tests, with a subcommand for each form.</summary>
internal static class TestCommand
{
    public static Command Create()
    {
        var test = Create("test", "Builds the solution and runs one form of tests, by default fast.", [TestForm.Fast]);
        foreach (var form in TestForm.All.Concat(TestForm.Long))
        {
            test.Add(Create(form.Name, form.Description, [form]));
        }

        test.Add(Create("all", "All of these forms, as in CI.", TestForm.All));
        return test;
    }

    private static Command Create(string name, string description, IReadOnlyList<TestForm> forms)
    {
        var options = new Argument<string[]>("options") { Description = "Options of the xunit runner, for example -class *RelayTests", Arity = ArgumentArity.ZeroOrMore };
        options.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var first }, ..] && !first.StartsWith('-'))
            {
                result.AddError($"The form '{first}' does not exist.");
            }
        });
        var command = new Command(name, description) { options };
        command.SetAction((parsed, cancellationToken) => new TestRun(forms, parsed.GetValue(options) ?? []).RunAsync(cancellationToken));
        return command;
    }
}
