using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Npgsql;

namespace DaprOrders.SetBasedSaveChanges;

/// <summary>
/// Inserts each run of rows with one statement. The statements are one command of EF Core, so that its log, interceptors and timeout apply, and one
/// round trip.
/// </summary>
internal sealed class MergedInserts(ModificationCommandBatchFactoryDependencies dependencies) : ModificationCommandBatch
{
    private readonly List<InsertRun> _runs = [];
    private bool _moreBatches;

    public override IReadOnlyList<IReadOnlyModificationCommand> ModificationCommands => [.. _runs.SelectMany(run => run.Rows)];

    public override bool RequiresTransaction => true; // SetBasedBatch decides

    public override bool AreMoreBatchesExpected => _moreBatches;

    public void Add(InsertRun run) => _runs.Add(run);

    public override bool TryAddCommand(IReadOnlyModificationCommand modificationCommand) => false;

    public override void Complete(bool moreBatchesExpected) => _moreBatches = moreBatchesExpected;

    public override void Execute(IRelationalConnection connection)
    {
        try
        {
            Check(CreateCommand().ExecuteNonQuery(ParametersOf(connection)));
        }
        catch (Exception e) when (e is not (DbUpdateException or OperationCanceledException))
        {
            throw Failure(e);
        }
    }

    public override async Task ExecuteAsync(IRelationalConnection connection, CancellationToken cancellationToken = default)
    {
        try
        {
            Check(await CreateCommand().ExecuteNonQueryAsync(ParametersOf(connection), cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is not (DbUpdateException or OperationCanceledException))
        {
            throw Failure(e);
        }
    }

    private IRelationalCommand CreateCommand()
    {
        var command = dependencies.CommandBuilderFactory.Create();
        foreach (var run in _runs)
        {
            Append(command, run);
        }

        return command.Build();
    }

    /// <summary>
    /// Appends the statement of a run. Its text does not depend on the number of rows, so that it stays prepared. The rows are inserted in order, so
    /// that identity columns increase in that order.
    /// </summary>
    private void Append(IRelationalCommandBuilder command, InsertRun run)
    {
        var sql = dependencies.SqlGenerationHelper;
        List<string> names = [], arrays = [], values = [];
        for (var column = 0; column < run.Rows[0].ColumnModifications.Count; column++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"p{command.Parameters.Count}");
            command.AddRawParameter(name, ColumnArray.Find(run.Rows[0].ColumnModifications[column].TypeMapping!)!.CreateParameter(name, run.Rows, column));
            names.Add(sql.DelimitIdentifier(run.Rows[0].ColumnModifications[column].ColumnName));
            arrays.Add(sql.GenerateParameterNamePlaceholder(name));
            values.Add(string.Create(CultureInfo.InvariantCulture, $"c{column}"));
        }

        var columns = string.Join(", ", values);
        command.AppendLine($"INSERT INTO {sql.DelimitIdentifier(run.Table, run.Schema)} ({string.Join(", ", names)})");
        command.AppendLine($"SELECT {columns} FROM unnest({string.Join(", ", arrays)}) WITH ORDINALITY AS r ({columns}, n) ORDER BY n;");
    }

    private RelationalCommandParameterObject ParametersOf(IRelationalConnection connection) => new(
        connection, parameterValues: null, readerColumns: null, dependencies.CurrentContext.Context, dependencies.Logger, CommandSource.SaveChanges);

    private void Check(int inserted)
    {
        var expected = _runs.Sum(run => run.Rows.Count);
        if (inserted != expected)
        {
            throw new DbUpdateConcurrencyException(
                $"The database inserted {inserted} of {expected} rows. A trigger may have suppressed the others.", EntriesOf(_runs));
        }
    }

    /// <summary>PostgreSQL names the table of a violated constraint. Any row can be the cause of another error.</summary>
    private DbUpdateException Failure(Exception e)
    {
        var table = (e as PostgresException)?.TableName;
        var failed = _runs.FindAll(run => run.Table == table && (run.Schema is null || run.Schema == ((PostgresException)e).SchemaName));
        return new DbUpdateException(
            "An error occurred while saving the entity changes. See the inner exception for details.", e, EntriesOf(failed.Count > 0 ? failed : _runs));
    }

    private static List<IUpdateEntry> EntriesOf(IEnumerable<InsertRun> runs) => [.. runs.SelectMany(run => run.Rows).SelectMany(row => row.Entries)];
}
