using DaprOrders.Faults.Tests.Checks;

namespace DaprOrders.Faults.Tests.Mutations;

internal static class AllMutations
{
    public static readonly IReadOnlyList<Mutation> List =
    [
        new()
        {
            Name = "publish after the commit, without an outbox",
            Invariant = Invariants.NonePending,
            Project = "libs/messaging",
            Apps = ["order", "inventory"],
            Edits =
            [
                new(
                    "libs/messaging/DbContextExtensions.cs",
                    "        db.Add(db.GetService<OutboxWriter>().Create(message));",
                    "        WithoutOutbox.Add(db, db.GetService<OutboxWriter>().Create(message));"),
                new(
                    "libs/messaging/Outbox/OutboxInterceptor.cs",
                    "    private void Wake(DbContext? db)\n    {\n",
                    "    private void Wake(DbContext? db)\n    {\n        WithoutOutbox.Send(db!);\n"),
            ],
            AddedFile = ("libs/messaging/WithoutOutbox.cs", WithoutOutbox),
        },
        new()
        {
            Name = "acknowledge before the handler has finished",
            Invariant = Invariants.SameOrders,
            Project = "libs/messaging",
            Apps = ["inventory", "notification"],
            Edits =
            [
                new(
                    "libs/messaging/Events/EventEndpoints.cs",
                    "BulkDelivery.Respond(await processor.ProcessAsync(entries, cancellationToken))",
                    "BulkDelivery.Respond(AtOnce(entries, processor.ProcessAsync(entries, CancellationToken.None)))"),
                new(
                    "libs/messaging/Events/EventEndpoints.cs",
                    "    private static async Task<IResult> StoreDeadLetterAsync(",
                    """
                        private static IEnumerable<BulkStatus> AtOnce(List<BulkEntry> entries, Task later)
                        {
                            _ = later;
                            return entries.Select(entry => new BulkStatus(entry.EntryId, BulkDelivery.Success));
                        }

                        private static async Task<IResult> StoreDeadLetterAsync(
                    """),
            ],
        },
        new()
        {
            Name = "inventory does not detect duplicates",
            Invariant = Invariants.Stock,
            Project = "services/inventory",
            Apps = ["inventory"],
            Edits =
            [
                new(
                    "services/inventory/Reservations/OrderCreatedHandler.cs",
                    "        var known = reservations.Count;\n",
                    """
                            foreach (var repeated in batch.Where(message => reservations.ContainsKey(message.OrderId)))
                            {
                                stock.GetValueOrDefault(repeated.ItemId)?.TryTake(repeated.Quantity);
                            }

                            var known = reservations.Count;

                    """),
            ],
        },
        new()
        {
            Name = "delete outbox rows before publishing them",
            Invariant = Invariants.NonePending,
            Project = "libs/messaging",
            Apps = ["order", "inventory"],
            Edits =
            [
                new(
                    "libs/messaging/Outbox/Relay.cs",
                    "        var result = batch.Rows.Count == 0\n",
                    """
                            await OutboxTable.DeleteAsync(connection, batch.Rows, cancellationToken);
                            await transaction.CommitAsync(cancellationToken);
                            var result = batch.Rows.Count == 0

                    """),
                new(
                    "libs/messaging/Outbox/Relay.cs",
                    "        await transaction.CommitAsync(cancellationToken);\n        return result;",
                    "        return result;"),
            ],
        },
        new()
        {
            Name = "stock updated without a row lock",
            Invariant = Invariants.Stock,
            Project = "services/inventory",
            Apps = ["inventory"],
            Edits = [new("services/inventory/Reservations/OrderCreatedHandler.cs", " ORDER BY item_id FOR UPDATE\")", " ORDER BY item_id\")")],
        },
        new()
        {
            Name = "SKIP LOCKED instead of the relay's lock",
            Invariant = Invariants.KeyOrder,
            Project = "libs/messaging",
            Apps = ["order"],
            Edits =
            [
                new("libs/messaging/Outbox/OutboxTable.cs", "\"SELECT pg_advisory_xact_lock(hashtext('outbox'))\"", "\"SELECT 1\""),
                // Reads the oldest rows that no other relay has locked, even several with one key, as in many tutorials.
                new(
                    "libs/messaging/Outbox/OutboxTable.cs",
                    """
                                AND NOT EXISTS (
                                  SELECT FROM outbox earlier
                                  WHERE earlier.topic = candidate.topic AND earlier.key = candidate.key AND earlier.position < candidate.position))
                    """,
                    """
                              ORDER BY position LIMIT $3 FOR UPDATE SKIP LOCKED)
                    """),
                // Simulates a slow sidecar, so that the wrong order becomes visible. The original relay keeps the order even then.
                new(
                    "libs/messaging/Outbox/Relay.cs",
                    "        var result = batch.Rows.Count == 0\n",
                    "        await Task.Delay(Random.Shared.Next(50), CancellationToken.None);\n        var result = batch.Rows.Count == 0\n"),
            ],
        },
        new()
        {
            Name = "no sweep",
            Invariant = Invariants.NonePending,
            Project = "services/order",
            Apps = ["order"],
            Edits = [new("services/order/Program.cs", ".AddHostedService(provider => provider.GetRequiredService<PendingOrderSweep>())", "")],
            NeedsLosses = true,
        },
    ];

    /// <summary>Publishes after the commit and ignores failures, as in many tutorials.</summary>
    private const string WithoutOutbox =
        """
        using System.Runtime.CompilerServices;
        using System.Text;
        using Microsoft.EntityFrameworkCore;

        namespace DaprOrders.Messaging;

        internal static class WithoutOutbox
        {
            private static readonly ConditionalWeakTable<DbContext, List<OutboxMessage>> Pending = [];

            private static readonly HttpClient Sidecar =
                new() { BaseAddress = new Uri($"http://127.0.0.1:{Environment.GetEnvironmentVariable("DAPR_HTTP_PORT")}") };

            public static void Add(DbContext db, OutboxMessage message) => Pending.GetOrCreateValue(db).Add(message);

            public static void Send(DbContext db)
            {
                if (Pending.TryGetValue(db, out var messages))
                {
                    Pending.Remove(db);
                    _ = SendAsync(messages);
                }
            }

            private static async Task SendAsync(List<OutboxMessage> messages)
            {
                var entries = messages.Select(message => Encoding.UTF8.GetString(DaprBulkPublisher.ToBytes(
                    new OutboxRow(0, message.Id, message.Topic, message.Key, message.Data, message.TraceParent, 0))));
                try
                {
                    using var content = new StringContent($"[{string.Join(',', entries)}]", Encoding.UTF8, "application/json");
                    await Sidecar.PostAsync(new Uri($"/v1.0/publish/bulk/pubsub/{messages[0].Topic}", UriKind.Relative), content);
                }
                catch (HttpRequestException)
                {
                }
            }
        }
        """;
}
