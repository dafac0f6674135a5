namespace DaprOrders.Eng.Tests.Packages;

/// <summary>The files of a new web app that uses the libraries as packages: a reading over 100 degrees raises an alarm.</summary>
internal static class NewApp
{
    public const string Program =
        """
        using DaprOrders.Messaging;
        using DaprOrders.Persistence;
        using DaprOrders.ServiceDefaults;
        using Microsoft.EntityFrameworkCore;

        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddPostgres<BoilerDbContext>();
        builder.AddMessaging<BoilerDbContext>();

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapPost("/readings", async (Reading reading, BoilerDbContext db) =>
        {
            db.Readings.Add(reading);
            db.Publish(new Measured(reading.Id, reading.Degrees));
            await db.SaveChangesAsync();
        });
        app.MapGet("/alarms", (BoilerDbContext db) => db.Alarms.ToListAsync());
        app.MapEvent<Measured, MeasuredHandler>();
        app.MapDeadLetters();
        app.MapSubscribeHandler();

        using (var scope = app.Services.CreateScope())
        {
            await scope.ServiceProvider.GetRequiredService<BoilerDbContext>().Database.EnsureCreatedAsync();
        }

        return await app.RunServiceAsync<BoilerDbContext>(args);

        public sealed record Reading(Guid Id, int Degrees);

        public sealed record Alarm(Guid Id, int Degrees);

        public sealed record Measured(Guid ReadingId, int Degrees) : IEvent
        {
            public static string Topic => "boiler.measured";

            string IEvent.Key => ReadingId.ToString();

            Guid IEvent.Id => ReadingId;
        }

        public sealed class BoilerDbContext(DbContextOptions<BoilerDbContext> options) : DbContext(options)
        {
            public DbSet<Reading> Readings => Set<Reading>();

            public DbSet<Alarm> Alarms => Set<Alarm>();

            protected override void OnModelCreating(ModelBuilder modelBuilder)
            {
                modelBuilder.AddOutbox();
                modelBuilder.AddDeadLetters();
            }
        }

        public sealed class MeasuredHandler(BoilerDbContext db) : IHandleMessages<Measured>
        {
            public async Task HandleAsync(IReadOnlyList<Measured> batch, CancellationToken cancellationToken)
            {
                foreach (var message in batch.Where(message => message.Degrees > 100))
                {
                    if (await db.Alarms.FindAsync([message.ReadingId], cancellationToken) is null)
                    {
                        db.Alarms.Add(new Alarm(message.ReadingId, message.Degrees));
                    }
                }
            }
        }
        """;

    public const string Component =
        """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: pubsub
        spec:
          type: pubsub.in-memory
          version: v1
        """;

    /// <summary>Returns a project whose own packages lie beside it, so that the machine's cache is read but not written.</summary>
    public static string Project(IEnumerable<string> packages, string version, string cache) =>
        $"""
        <Project Sdk="Microsoft.NET.Sdk.Web">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <ImplicitUsings>enable</ImplicitUsings>
            <Nullable>enable</Nullable>
            <RestorePackagesPath>$(MSBuildProjectDirectory)/../packages</RestorePackagesPath>
            <RestoreFallbackFolders Condition="Exists('{cache}')">{cache}</RestoreFallbackFolders>
          </PropertyGroup>

          <ItemGroup>
            {string.Join("\n    ", packages.Select(package => $"""<PackageReference Include="{package}" Version="{version}" />"""))}
          </ItemGroup>
        </Project>
        """;

    /// <summary>Returns the configuration of NuGet, which adds the folder with the packages to the configured sources.</summary>
    public static string NuGetConfig(string feed) =>
        $"""
        <configuration>
          <packageSources>
            <add key="libraries" value="{feed}" />
          </packageSources>
        </configuration>
        """;

    public static string RunFile(string program, int port, int httpPort, int grpcPort, string connectionString) =>
        $"""
        version: 1
        common:
          resourcesPaths: [./components]
        apps:
        - appID: boiler
          appDirPath: .
          appPort: {port}
          daprHTTPPort: {httpPort}
          daprGRPCPort: {grpcPort}
          command: [dotnet, {program}]
          appLogDestination: console
          daprdLogDestination: console
          env:
            ConnectionStrings__Database: {connectionString}
        """;
}
