using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Update;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.SetBasedSaveChanges;

/// <summary>Wraps the provider's factory of batches. Deriving from it instead would need an internal class of the provider.</summary>
internal sealed class SetBasedOptionsExtension : IDbContextOptionsExtension
{
    public DbContextOptionsExtensionInfo Info => new ExtensionInfo(this);

    public void ApplyServices(IServiceCollection services)
    {
        var provider = services.LastOrDefault(service => service.ServiceType == typeof(IModificationCommandBatchFactory));
        if (provider?.ImplementationType is not { } implementation || implementation.Assembly != typeof(NpgsqlDbContextOptionsBuilderExtensions).Assembly)
        {
            throw new InvalidOperationException("UseSetBasedSaveChanges works with PostgreSQL only, and UseNpgsql must be called before it.");
        }

        services.Remove(provider);
        services.AddScoped<IModificationCommandBatchFactory>(scope => new SetBasedBatchFactory(
            (IModificationCommandBatchFactory)ActivatorUtilities.CreateInstance(scope, implementation),
            scope.GetRequiredService<ModificationCommandBatchFactoryDependencies>(),
            scope.GetRequiredService<IDbContextOptions>()));
    }

    public void Validate(IDbContextOptions options)
    {
    }

    private sealed class ExtensionInfo(IDbContextOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
    {
        public override bool IsDatabaseProvider => false;

        public override string LogFragment => "using set-based inserts ";

        public override int GetServiceProviderHashCode() => 0;

        public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is ExtensionInfo;

        public override void PopulateDebugInfo(IDictionary<string, string> debugInfo) => debugInfo["SetBasedSaveChanges"] = "1";
    }
}
