using System.CommandLine;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Contracts;

/// <summary><c>contracts</c>: writes the generated contracts, and keeps a version of all contracts as a release.</summary>
internal static class ContractsCommand
{
    public static Command Create()
    {
        var folder = Path.Combine(Repository.Root, "contracts");
        var write = new Command("write", "Writes the OpenAPI document of each service to contracts/http, as its code has it.");
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
                result.AddError($"'{result.GetValueOrDefault<string>()}' is no version like 1.1.");
            }
        });
        var release = new Command("release", "Keeps the contracts as they are now as a release, which is never changed afterwards.") { version };
        release.SetAction(parsed =>
        {
            Output.Line($"{ContractRelease.Create(folder, parsed.GetValue(version)!)} is there. Commit it.");
            return ExitCodes.Ok;
        });
        return new Command("contracts", "Writes and releases contracts/.") { write, release };
    }
}
