using DaprOrders.Gateway.Access;
using DaprOrders.Stack;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DaprOrders.Gateway.Tests.Access;

public sealed class StartTests
{
    private const string Bearer = "Authentication:Schemes:Bearer";
    private const string Enabled = "Authentication:Enabled=true";
    private const string Audience = $"{Bearer}:ValidAudience=dapr-orders";
    private const string Issuer = $"{Bearer}:ValidIssuer=me";
    private const string Authority = $"{Bearer}:Authority=https://issuer.example";
    private const string KeyIssuer = $"{Bearer}:SigningKeys:0:Issuer=me";
    private const string Key = $"{Bearer}:SigningKeys:0:Value=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    [Theory]
    [InlineData("Authentication:Enabled is not set")]
    [InlineData("Authentication:Enabled must be true or false", "Authentication:Enabled=yes")]
    [InlineData($"{Bearer}:ValidAudience is missing", Enabled, Authority)]
    [InlineData($"{Bearer}:Authority is missing", Enabled, Audience)]
    [InlineData($"{Bearer}:Authority must be a URL with https", Enabled, Audience, $"{Bearer}:Authority=http://issuer.example")]
    [InlineData($"{Bearer}:Authority must be a URL with https", Enabled, Audience, $"{Bearer}:Authority=issuer.example")]
    [InlineData($"Set either {Bearer}:Authority or {Bearer}:SigningKeys", Enabled, Audience, Authority, Issuer, KeyIssuer, Key)]
    [InlineData($"{Bearer}:ValidIssuer is missing", Enabled, Audience, KeyIssuer, Key)]
    [InlineData($"{Bearer}:ValidIssuers has more than one issuer", Enabled, Audience, Authority, Issuer, $"{Bearer}:ValidIssuers:0=you")]
    [InlineData("A key of", Enabled, Audience, Issuer, $"{Bearer}:SigningKeys:0:Issuer=you", Key)]
    [InlineData("A key of", Enabled, Audience, Issuer, KeyIssuer, $"{Bearer}:SigningKeys:0:Value=AAAA")]
    [InlineData("A key of", Enabled, Audience, Issuer, KeyIssuer, $"{Bearer}:SigningKeys:0:Value=?")]
    public void Invalid_setting_prevents_the_start(string error, params string[] settings)
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Validate("Production", settings));

        Assert.StartsWith(error, Assert.Single(exception.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Development")]
    [InlineData("Production", "Authentication:Enabled=false")]
    [InlineData("Production", Enabled, Audience, Authority)]
    [InlineData("Production", Enabled, Audience, Authority, Issuer)]
    [InlineData("Production", Enabled, Audience, Issuer, KeyIssuer, Key)]
    [InlineData("Development", Enabled, Audience, $"{Bearer}:Authority=http://127.0.0.1:8080", $"{Bearer}:RequireHttpsMetadata=false")]
    public void Valid_settings_are_accepted(string environment, params string[] settings) => Validate(environment, settings);

    [Fact]
    public async Task Gateway_that_cannot_start_writes_one_line_and_exits_with_1()
    {
        var (exitCode, output) = await ProcessRunner.RunAsync(
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "DaprOrders.Gateway.dll")],
            AppContext.BaseDirectory,
            TimeSpan.FromMinutes(1),
            new Dictionary<string, string>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["APP_ID"] = "gateway",
                ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            },
            TestContext.Current.CancellationToken);

        Assert.Equal(1, exitCode);
        Assert.Contains("Authentication:Enabled is not set", Assert.Single(output.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private static void Validate(string environment, string[] settings)
    {
        // The test starts no host: a host that fails may dispose its services before the test factory reads the exception.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => setting.Split('=', 2)).ToDictionary(pair => pair[0], string? (pair) => pair[1]));
        builder.AddAccess();
        using var provider = builder.Services.BuildServiceProvider();
        provider.GetRequiredService<IStartupValidator>().Validate();
    }
}
