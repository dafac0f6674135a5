using System.Text.RegularExpressions;

namespace DaprOrders.Eng.Tests.Deployment;

/// <summary>The values that must be the same in all files.</summary>
internal static partial class Design
{
    public const int Database = 5433;
    public const int PgAdmin = 5050;
    public const int Gateway = 8000;
    public const int Dashboard = 18888;

    public static readonly App[] Apps =
    [
        new("gateway", Gateway, 3500, 50001, [], []),
        new("order", 8001, 3501, 50002, ["order.created"], ["inventory.updated"], "orders"),
        new("inventory", 8002, 3502, 50003, ["inventory.updated"], ["order.created"], "inventory"),
        new("notification", 8003, 3503, 50004, [], ["inventory.updated"], "notification"),
    ];

    /// <summary>The ports on 127.0.0.1 by service in the Compose file.</summary>
    public static readonly Dictionary<string, int> Servers = new()
    {
        ["postgres"] = Database,
        ["pgadmin"] = PgAdmin,
        ["kafka"] = 9092,
        ["redis"] = 6379,
        ["rabbitmq"] = 5672,
    };

    public static IEnumerable<string> Topics => Apps.SelectMany(app => app.MayPublish).Distinct().Order(StringComparer.Ordinal);

    /// <summary>Returns a text for a finding without the password of a connection string.</summary>
    public static string HidePassword(string text) => Password().Replace(text, "…");

    [GeneratedRegex("(?<=Password=)[^;]+")]
    private static partial Regex Password();

    /// <summary>An app. Its topics do not include its dead-letter topic. Its role can read and write the rows of its database, which another role owns.</summary>
    internal sealed record App(string Id, int Port, int SidecarHttp, int SidecarGrpc, string[] Publishes, string[] Subscribes, string? Role = null)
    {
        /// <summary>Gets the environment variables with the connection strings of the service and of its migrations.</summary>
        public IReadOnlyDictionary<string, string> Connections => Role is null ? new Dictionary<string, string>() : new Dictionary<string, string>
        {
            ["ConnectionStrings__Database"] = ConnectionString(Role),
            ["ConnectionStrings__Migrations"] = ConnectionString($"{Role}_owner"),
        };

        private string ConnectionString(string role) => $"Host=127.0.0.1;Port={Database};Database={Role}_db;Username={role};Password={role}";

        public string[] MayPublish => [.. Publishes, .. DeadLetters];

        public string[] MaySubscribe => [.. Subscribes, .. DeadLetters];

        // An app that subscribes to events has a dead-letter topic: its sidecar publishes to it, and the app subscribes to it.
        private string[] DeadLetters => Subscribes is [] ? [] : [$"{Id}.dead"];
    }
}
