using Microsoft.Data.Sqlite;

namespace DaprOrders.DaprEmulator.Broker;

/// <summary>Stores records and offsets in one SQLite file in WAL mode. A commit returns when it is on disk.</summary>
/// <remarks>Only one thread may write records and offsets. The other methods are thread-safe.</remarks>
internal sealed class RecordStore : IDisposable
{
    private readonly SqliteConnection _writer;
    private readonly SqliteConnection _reader;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _setOffset;
    private readonly SqliteCommand _read;
    private readonly Lock _readerLock = new();

    public RecordStore(string file)
    {
        _writer = Open(file);
        Execute(_writer, """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA wal_autocheckpoint = 4000;
            CREATE TABLE IF NOT EXISTS topics (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
            CREATE TABLE IF NOT EXISTS records (id INTEGER PRIMARY KEY, key TEXT, value BLOB NOT NULL, headers BLOB NOT NULL, timestamp INTEGER NOT NULL);
            CREATE TABLE IF NOT EXISTS offsets (consumer_group TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
                PRIMARY KEY (consumer_group, partition)) WITHOUT ROWID;
            """);
        _insert = Command(
            _writer, "INSERT INTO records VALUES ($id, $key, $value, $headers, $timestamp)", "$id", "$key", "$value", "$headers", "$timestamp");
        _setOffset = Command(_writer, "INSERT OR REPLACE INTO offsets VALUES ($group, $partition, $next)", "$group", "$partition", "$next");
        _reader = Open(file);
        _read = Command(
            _reader,
            "SELECT id, key, value, headers, timestamp FROM records WHERE id BETWEEN $from AND $to ORDER BY id LIMIT $max",
            "$from",
            "$to",
            "$max");
    }

    public SqliteTransaction Begin() => _writer.BeginTransaction(deferred: true);

    public void Insert(Record record, SqliteTransaction transaction)
    {
        _insert.Transaction = transaction;
        _insert.Parameters[0].Value = record.Partition.FirstRow + record.Offset;
        _insert.Parameters[1].Value = (object?)record.Key ?? DBNull.Value;
        _insert.Parameters[2].Value = record.Value;
        _insert.Parameters[3].Value = RecordHeaders.Write(record.Headers);
        _insert.Parameters[4].Value = record.Timestamp;
        _insert.ExecuteNonQuery();
    }

    public void SetOffset(string group, Partition partition, long next, SqliteTransaction transaction)
    {
        _setOffset.Transaction = transaction;
        _setOffset.Parameters[0].Value = group;
        _setOffset.Parameters[1].Value = partition.FirstRow;
        _setOffset.Parameters[2].Value = next;
        _setOffset.ExecuteNonQuery();
    }

    public IReadOnlyList<Record> Read(Partition partition, long offset, int max)
    {
        lock (_readerLock)
        {
            var records = new List<Record>();
            _read.Parameters[0].Value = partition.FirstRow + offset;
            _read.Parameters[1].Value = partition.FirstRow + (1L << 40) - 1;
            _read.Parameters[2].Value = max;
            using var reader = _read.ExecuteReader();
            while (reader.Read())
            {
                records.Add(new Record(
                    partition,
                    reader.GetInt64(0) - partition.FirstRow,
                    reader.IsDBNull(1) ? null : reader.GetString(1),
                    reader.GetFieldValue<byte[]>(2),
                    RecordHeaders.Read(reader.GetFieldValue<byte[]>(3)),
                    reader.GetInt64(4)));
            }

            return records;
        }
    }

    /// <summary>Returns a topic with the current ends of its partitions. Creates the topic if it does not exist.</summary>
    public Topic OpenTopic(string name)
    {
        lock (_readerLock)
        {
            using var insert = Command(_reader, "INSERT OR IGNORE INTO topics (name) VALUES ($name)", "$name");
            insert.Parameters[0].Value = name;
            insert.ExecuteNonQuery();
            using var select = Command(_reader, "SELECT id FROM topics WHERE name = $name", "$name");
            select.Parameters[0].Value = name;
            return new Topic((long)select.ExecuteScalar()!, name, (topic, number) => new Partition(this, topic, number, EndOf(topic, number)));
        }
    }

    public Dictionary<(string Group, long Partition), long> ReadOffsets()
    {
        var offsets = new Dictionary<(string, long), long>();
        using var command = Command(_reader, "SELECT consumer_group, partition, next FROM offsets");
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            offsets[(reader.GetString(0), reader.GetInt64(1))] = reader.GetInt64(2);
        }

        return offsets;
    }

    public void Dispose()
    {
        _insert.Dispose();
        _setOffset.Dispose();
        _read.Dispose();
        _writer.Dispose();
        _reader.Dispose();
    }

    private long EndOf(Topic topic, int number)
    {
        var first = ((topic.Id * Topic.PartitionCount) + number) << 40;
        using var command = Command(_reader, "SELECT max(id) FROM records WHERE id BETWEEN $from AND $to", "$from", "$to");
        command.Parameters[0].Value = first;
        command.Parameters[1].Value = first + (1L << 40) - 1;
        return command.ExecuteScalar() is long last ? last - first + 1 : 0;
    }

    private static SqliteConnection Open(string file)
    {
        // Pooled connections would keep the file open after the store is disposed.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static SqliteCommand Command(SqliteConnection connection, string text, params ReadOnlySpan<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        }

        return command;
    }

    private static void Execute(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
