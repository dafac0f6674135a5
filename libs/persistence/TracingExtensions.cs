using System.Diagnostics;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>Configures which database commands are traced.</summary>
public static class TracingExtensions
{
    /// <summary>
    /// Traces commands only within another span. Otherwise each poll of a background loop would be a trace, and the traces of requests would be
    /// hard to find among them.
    /// </summary>
    public static NpgsqlDataSourceBuilder TraceWithinSpans(this NpgsqlDataSourceBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.ConfigureTracing(tracing => tracing
            .ConfigureCommandFilter(_ => Activity.Current is not null)
            .ConfigureBatchFilter(_ => Activity.Current is not null)
            .ConfigureCommandSpanNameProvider(command => Verb(command.CommandText))
            .ConfigureBatchSpanNameProvider(batch => batch.BatchCommands is [var first, ..] ? Verb(first.CommandText) : "batch")
            .EnablePhysicalOpenTracing(false));
    }

    /// <summary>Returns the first word, for example SELECT. The default name of a span is that of the database.</summary>
    private static string Verb(string sql) => sql.TrimStart().Split([' ', '\n'], 2)[0];
}
