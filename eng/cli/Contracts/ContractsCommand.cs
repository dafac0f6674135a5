using System.CommandLine;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Contracts;

/// <summary>The <c>contracts</c> command. Generates the OpenAPI documents, or saves all contracts as a release.</summary>
internal static class ContractsCommand
{
    public static Command Create()
    {
        var folder = Path.Combine(Repository.Root, "contracts");
        var write = new Command("write", "Generates the OpenAPI document of each service from its code, in contracts/http.");
        write.SetAction(async (_, cancellationToken) =>
        {
            await OpenApiDocuments.WriteAsync(folder, cancellationToken);
            return ExitCodes.Ok;
        });

        var version = new Argument<string>("version") { Description = "The version, for example 1.1." };
        version.Validators.Add(result =>
        {
            if (!ContractRelease.IsVersion(result.GetValueOrDefault<string>()))
            {
                result.AddError($"'{result.GetValueOrDefault<string>()}' is not a version like 1.1.");
            }
        });
        var release = new Command("release", "Saves the current contracts as a release. A release is never changed.") { version };
        release.SetAction(parsed =>
        {
            Output.Line($"Created {ContractRelease.Create(folder, parsed.GetValue(version)!)}. Commit it.");
            return ExitCodes.Ok;
        });
        return new Command("contracts", "Generates or releases the files in contracts/.") { write, release };
    }
}
