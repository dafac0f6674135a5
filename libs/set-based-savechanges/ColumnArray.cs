using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;
using Npgsql;
using NpgsqlTypes;

namespace DaprOrders.SetBasedSaveChanges;

/// <summary>Collects the values of one column in an array parameter.</summary>
internal abstract partial class ColumnArray
{
    /// <summary>
    /// The array types by the type that is sent and the type of the column. The provider writes columns of all other types. Arrays have no length or
    /// precision, so that the column itself refuses a value that is too long; a cast to the length would truncate it.
    /// </summary>
    private static readonly Dictionary<(Type, string), ColumnArray> Types = new()
    {
        [(typeof(bool), "boolean")] = new Of<bool?>(NpgsqlDbType.Boolean),
        [(typeof(short), "smallint")] = new Of<short?>(NpgsqlDbType.Smallint),
        [(typeof(int), "integer")] = new Of<int?>(NpgsqlDbType.Integer),
        [(typeof(long), "bigint")] = new Of<long?>(NpgsqlDbType.Bigint),
        [(typeof(float), "real")] = new Of<float?>(NpgsqlDbType.Real),
        [(typeof(double), "double precision")] = new Of<double?>(NpgsqlDbType.Double),
        [(typeof(decimal), "numeric")] = new Of<decimal?>(NpgsqlDbType.Numeric),
        [(typeof(Guid), "uuid")] = new Of<Guid?>(NpgsqlDbType.Uuid),
        [(typeof(DateOnly), "date")] = new Of<DateOnly?>(NpgsqlDbType.Date),
        [(typeof(TimeOnly), "time without time zone")] = new Of<TimeOnly?>(NpgsqlDbType.Time),
        [(typeof(TimeSpan), "interval")] = new Of<TimeSpan?>(NpgsqlDbType.Interval),
        [(typeof(DateTime), "timestamp with time zone")] = new Of<DateTime?>(NpgsqlDbType.TimestampTz),
        [(typeof(DateTime), "timestamp without time zone")] = new Of<DateTime?>(NpgsqlDbType.Timestamp),
        [(typeof(DateTimeOffset), "timestamp with time zone")] = new Of<DateTimeOffset?>(NpgsqlDbType.TimestampTz),
        [(typeof(byte[]), "bytea")] = new Of<byte[]>(NpgsqlDbType.Bytea),
        [(typeof(string), "text")] = new Of<string>(NpgsqlDbType.Text),
        [(typeof(string), "character varying")] = new Of<string>(NpgsqlDbType.Text),
        [(typeof(string), "json")] = new Of<string>(NpgsqlDbType.Json),
        [(typeof(string), "jsonb")] = new Of<string>(NpgsqlDbType.Jsonb),
    };

    /// <summary>Returns null if there is no array type that inserts the same values as the provider.</summary>
    public static ColumnArray? Find(RelationalTypeMapping mapping)
    {
        var sent = mapping.Converter?.ProviderClrType ?? mapping.ClrType;
        return Types.GetValueOrDefault((Nullable.GetUnderlyingType(sent) ?? sent, Length().Replace(mapping.StoreType, "")));
    }

    public abstract NpgsqlParameter CreateParameter(string name, IReadOnlyList<IReadOnlyModificationCommand> rows, int column);

    [GeneratedRegex(@"\(.*\)")]
    private static partial Regex Length();

    private sealed class Of<T>(NpgsqlDbType element) : ColumnArray
    {
        public override NpgsqlParameter CreateParameter(string name, IReadOnlyList<IReadOnlyModificationCommand> rows, int column)
        {
            var converter = rows[0].ColumnModifications[column].TypeMapping!.Converter;
            var values = new T?[rows.Count];
            for (var i = 0; i < values.Length; i++)
            {
                var value = rows[i].ColumnModifications[column].Value;
                values[i] = (T?)(converter is null ? value : converter.ConvertToProvider(value));
            }

            return new NpgsqlParameter<T?[]>(name, element | NpgsqlDbType.Array) { TypedValue = values };
        }
    }
}
