using System.Net;
using System.Text.Json;
using DaprOrders.Stack;

namespace DaprOrders.Gateway.Tests.Access;

/// <summary>Runs the command of docs/operations.md that creates a token for Development.</summary>
public sealed class UserJwtsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Token_of_dotnet_user_jwts_is_accepted_with_its_scopes_only()
    {
        using var home = new TemporaryHome();
        var settings = Path.Combine(Repository.Root, "services", "gateway", "appsettings.Development.json");
        var before = await File.ReadAllTextAsync(settings, Cancel);

        var token = await home.CreateTokenAsync("alice", "orders.read", "orders.write");

        Assert.Equal(before, await File.ReadAllTextAsync(settings, Cancel)); // the command changes no file of the repository
        var key = await home.ReadKeyAsync();
        await using var gateway = new GatewayHost(
            ("Authentication:Enabled", "true"),
            ("Authentication:Schemes:Bearer:ValidIssuer", "dotnet-user-jwts"),
            ("Authentication:Schemes:Bearer:ValidAudiences:0", "dapr-orders"),
            ("Authentication:Schemes:Bearer:SigningKeys:0:Issuer", "dotnet-user-jwts"),
            ("Authentication:Schemes:Bearer:SigningKeys:0:Value", key));
        gateway.StubResponse("POST", "/v1.0/invoke/order/method/orders", 201, "{}");

        using var placed = await SecuredGateway.SendAsync(gateway, "POST", "/orders", token);
        using var refused = await SecuredGateway.SendAsync(gateway, "GET", "/services/order/dead-letters", token);

        Assert.Equal(HttpStatusCode.Created, placed.StatusCode);
        Assert.Equal(["alice"], gateway.Sidecar.Server.LogEntries[0].RequestMessage!.Headers!["DaprOrders-Owner"]);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    /// <summary>A home folder for the user secrets, so that the test does not change those of the user.</summary>
    private sealed class TemporaryHome : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("user-jwts-");

        public async Task<string> CreateTokenAsync(string name, params string[] scopes)
        {
            var (exitCode, output) = await ProcessRunner.RunAsync(
                [
                    "dotnet", "user-jwts", "create", "--project", Path.Combine("services", "gateway"), "--audience", "dapr-orders", "--name", name,
                    .. scopes.SelectMany(scope => new[] { "--scope", scope }), "--output", "token",
                ],
                Repository.Root,
                TimeSpan.FromMinutes(2),
                new Dictionary<string, string> { ["HOME"] = _folder.FullName, ["DOTNET_CLI_HOME"] = _folder.FullName, ["APPDATA"] = _folder.FullName },
                Cancel);
            Assert.True(exitCode is 0, output);
            return output.TrimEnd().Split('\n')[^1];
        }

        public async Task<string> ReadKeyAsync()
        {
            var file = _folder.EnumerateFiles("secrets.json", SearchOption.AllDirectories).Single();
            using var secrets = JsonDocument.Parse(await File.ReadAllTextAsync(file.FullName, Cancel));
            return secrets.RootElement.GetProperty("Authentication:Schemes:Bearer:SigningKeys")[0].GetProperty("Value").GetString()!;
        }

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
