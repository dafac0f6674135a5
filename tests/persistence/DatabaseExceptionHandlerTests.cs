using System.Net;
using System.Text.Json;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Persistence.Tests;

public sealed class DatabaseExceptionHandlerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Transient_error_is_503_in_any_order_of_registration(bool isPostgresFirst)
    {
        await using var app = await StartAsync(isPostgresFirst);

        using var response = await app.GetTestClient().GetAsync(new Uri("/57P01", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("1", Assert.Single(response.Headers.GetValues("Retry-After")));
        Assert.Equal("Service unavailable", await TitleAsync(response));
    }

    [Fact]
    public async Task Client_that_does_not_accept_json_gets_the_same_status()
    {
        await using var app = await StartAsync(isPostgresFirst: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/57P01") { Headers = { { "Accept", "text/plain" } } };

        using var response = await app.GetTestClient().SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("1", Assert.Single(response.Headers.GetValues("Retry-After")));
    }

    [Fact]
    public async Task Permanent_error_is_500_without_exception_details()
    {
        await using var app = await StartAsync(isPostgresFirst: false);

        using var response = await app.GetTestClient().GetAsync(new Uri("/23514", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.False(response.Headers.Contains("Retry-After"));
        Assert.Equal("Internal error", await TitleAsync(response));
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartAsync(bool isPostgresFirst)
    {
        var builder = WebApplication.CreateBuilder(
            ["--APP_ID", "test", "--Serilog:MinimumLevel:Default", "Fatal", "--ConnectionStrings:Database", "Host=127.0.0.1;Port=1"]);
        builder.WebHost.UseTestServer();
        if (isPostgresFirst)
        {
            builder.AddPostgres<NoTables>();
            builder.AddServiceDefaults();
        }
        else
        {
            builder.AddServiceDefaults();
            builder.AddPostgres<NoTables>();
        }

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGet("/{sqlState}", (string sqlState) => { throw new DbUpdateException("secret", new PostgresException("secret", "ERROR", "ERROR", sqlState)); }).AllowAnonymous();
        await app.StartAsync(Cancel);
        return app;
    }

    private static async Task<string?> TitleAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel)).RootElement.GetProperty("title").GetString();

    internal sealed class NoTables(DbContextOptions<NoTables> options) : DbContext(options);
}
