using Npgsql;

namespace DaprOrders.Stack;

/// <summary>The connection settings of a service's database.</summary>
/// <param name="Service">Those of the role that the service uses.</param>
/// <param name="Owner">Those of the role that owns the database and runs the migrations; null if the service uses one role for everything.</param>
public sealed record ServiceDatabase(NpgsqlConnectionStringBuilder Service, NpgsqlConnectionStringBuilder? Owner)
{
    /// <summary>Gets the settings of both roles.</summary>
    public IEnumerable<NpgsqlConnectionStringBuilder> Logins => Owner is null ? [Service] : [Service, Owner];
}
