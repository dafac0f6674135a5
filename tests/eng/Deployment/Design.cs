namespace DaprOrders.Eng.Tests.Deployment;

/// <summary>The values that must be the same in all files.</summary>
internal static class Design
{
    public const int Database = 5433;
    public const int PgAdmin = 5050;
    public const int Gateway = 8000;

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

    /// <summary>An app. Its topics do not include its dead-letter topic. Its role is the owner of its database.</summary>
    internal sealed record App(string Id, int Port, int SidecarHttp, int SidecarGrpc, string[] Publishes, string[] Subscribes, string? Role = null)
    {
        public string? ConnectionString => Role is null ? null : $"Host=127.0.0.1;Port={Database};Database={Role}_db;Username={Role};Password={Role}";

        public string[] MayPublish => [.. Publishes, .. DeadLetters];

        public string[] MaySubscribe => [.. Subscribes, .. DeadLetters];

        // An app that subscribes to events has a dead-letter topic: its sidecar publishes to it, and the app subscribes to it.
        private string[] DeadLetters => Subscribes is [] ? [] : [$"{Id}.dead"];
    }
}
