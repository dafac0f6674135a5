using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Update;

namespace DaprOrders.SetBasedSaveChanges;

/// <summary>Represents successive rows of one table that are inserted with values for the same columns, or one row that is written as before.</summary>
internal sealed class InsertRun
{
    private readonly List<IReadOnlyModificationCommand> _rows;

    private InsertRun(IReadOnlyModificationCommand first)
    {
        _rows = [first];
        CanMerge = CanInsertFromArrays(first);
    }

    public IReadOnlyList<IReadOnlyModificationCommand> Rows => _rows;

    public bool CanMerge { get; }

    /// <summary>Gets whether one statement replaces several. For one row the plain statement is cheaper.</summary>
    public bool IsMerged => _rows.Count > 1;

    /// <summary>Gets the table as PostgreSQL names it in an error.</summary>
    public string Table => _rows[0].TableName;

    public string? Schema => _rows[0].Schema;

    public static List<InsertRun> Divide(IEnumerable<IReadOnlyModificationCommand> rows)
    {
        var runs = new List<InsertRun>();
        foreach (var row in rows)
        {
            if (runs is not [.., var last] || !last.TryAdd(row))
            {
                runs.Add(new InsertRun(row));
            }
        }

        return runs;
    }

    private bool TryAdd(IReadOnlyModificationCommand row)
    {
        if (!CanMerge || row.Table != _rows[0].Table || row.EntityState is not EntityState.Added || !HaveSameColumns(row, _rows[0]))
        {
            return false;
        }

        _rows.Add(row);
        return true;
    }

    private static bool CanInsertFromArrays(IReadOnlyModificationCommand row) =>
        row is { EntityState: EntityState.Added, StoreStoredProcedure: null, Table: not null, ColumnModifications.Count: > 0 }
        && row.ColumnModifications.All(CanInsertFromArrays);

    /// <summary>
    /// Returns false for columns that the database generates and EF Core reads, parts of JSON documents, and types without a known array type.
    /// </summary>
    private static bool CanInsertFromArrays(IColumnModification column) =>
        column is { IsRead: false, IsWrite: true, JsonPath: null, TypeMapping: { } mapping } && ColumnArray.Find(mapping) is not null;

    private static bool HaveSameColumns(IReadOnlyModificationCommand row, IReadOnlyModificationCommand other)
    {
        var (columns, others) = (row.ColumnModifications, other.ColumnModifications);
        if (columns.Count != others.Count)
        {
            return false;
        }

        for (var i = 0; i < columns.Count; i++)
        {
            // Two types of a hierarchy can store one column with different converters, which their type mappings contain.
            if (columns[i].ColumnName != others[i].ColumnName || columns[i].TypeMapping != others[i].TypeMapping
                || columns[i].IsWrite != others[i].IsWrite || columns[i].IsRead != others[i].IsRead)
            {
                return false;
            }
        }

        return true;
    }
}
