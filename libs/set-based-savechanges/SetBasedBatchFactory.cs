using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Update;

namespace DaprOrders.SetBasedSaveChanges;

/// <summary>Creates batches that merge inserted rows.</summary>
internal sealed class SetBasedBatchFactory(
    IModificationCommandBatchFactory provider, ModificationCommandBatchFactoryDependencies dependencies, IDbContextOptions options)
    : IModificationCommandBatchFactory
{
    /// <summary>The provider's default.</summary>
    private const int DefaultMaxRows = 1000;

    private readonly int _maxRows = RelationalOptionsExtension.Extract(options).MaxBatchSize ?? DefaultMaxRows;

    public ModificationCommandBatch Create() => new SetBasedBatch(provider, dependencies, _maxRows);
}
