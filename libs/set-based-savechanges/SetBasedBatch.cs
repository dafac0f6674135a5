using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;

namespace DaprOrders.SetBasedSaveChanges;

/// <summary>
/// Writes rows in the order in which EF Core has sorted them. Divides them into parts: inserts that are merged, and everything else, which the
/// provider's own batches write. Each part is one round trip.
/// </summary>
internal sealed class SetBasedBatch(
    IModificationCommandBatchFactory provider, ModificationCommandBatchFactoryDependencies dependencies, int maxRows) : ModificationCommandBatch
{
    private readonly List<IReadOnlyModificationCommand> _rows = [];
    private readonly List<ModificationCommandBatch> _parts = [];
    private bool _moreBatches;

    public override IReadOnlyList<IReadOnlyModificationCommand> ModificationCommands => _rows;

    public override bool AreMoreBatchesExpected => _moreBatches;

    /// <summary>
    /// PostgreSQL runs statements that arrive together in one transaction, so a single part needs no other. The exceptions are statements whose
    /// number of rows is checked after that transaction has committed: updates, deletes, and inserts that a trigger can suppress.
    /// </summary>
    public override bool RequiresTransaction => _parts.Count > 1 || (_parts[0].RequiresTransaction && !_rows.TrueForAll(IsPlainInsert));

    public override bool TryAddCommand(IReadOnlyModificationCommand modificationCommand)
    {
        if (_rows.Count == maxRows)
        {
            return false; // EF Core starts the next batch with this row
        }

        _rows.Add(modificationCommand);
        return true;
    }

    public override void Complete(bool moreBatchesExpected)
    {
        _moreBatches = moreBatchesExpected;
        var runs = InsertRun.Divide(_rows);
        var canMerge = runs.Exists(run => run.IsMerged);
        foreach (var run in runs)
        {
            // A row alone joins the part before it, because another round trip would cost more than the statement saves.
            var merge = run.IsMerged || (canMerge && run.CanMerge && _parts is not [.., not MergedInserts]);
            if (merge)
            {
                AddMerged(run);
            }
            else
            {
                AddOrdinary(run);
            }
        }

        _parts[^1].Complete(moreBatchesExpected);
    }

    public override void Execute(IRelationalConnection connection) => _parts.ForEach(part => part.Execute(connection));

    public override async Task ExecuteAsync(IRelationalConnection connection, CancellationToken cancellationToken = default)
    {
        foreach (var part in _parts)
        {
            await part.ExecuteAsync(connection, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsPlainInsert(IReadOnlyModificationCommand row) =>
        row.EntityState is EntityState.Added && row.StoreStoredProcedure is null && row.Table?.Triggers.Any() is not true;

    private void AddMerged(InsertRun run)
    {
        if (_parts is not [.., MergedInserts last])
        {
            last = new MergedInserts(dependencies);
            Add(last);
        }

        last.Add(run);
    }

    private void AddOrdinary(InsertRun run)
    {
        foreach (var row in run.Rows)
        {
            if (_parts is [.., not MergedInserts] && _parts[^1].TryAddCommand(row))
            {
                continue;
            }

            Add(provider.Create());
            _parts[^1].TryAddCommand(row); // an empty batch takes every row
        }
    }

    private void Add(ModificationCommandBatch part)
    {
        if (_parts.Count > 0)
        {
            _parts[^1].Complete(moreBatchesExpected: true);
        }

        _parts.Add(part);
    }
}
