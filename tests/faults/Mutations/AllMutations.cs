using DaprOrders.Faults.Tests.Checks;

namespace DaprOrders.Faults.Tests.Mutations;

internal static class AllMutations
{
    public static readonly IReadOnlyList<Mutation> List =
    [
        new()
        {
            Name = "publish after the commit, without outbox",
            Invariant = Invariants.NonePending,
            Project = "libs/messaging",
            Apps = ["order", "inventory"],
            Edits =
            [
                new("libs/messaging/DbContextExtensions.cs", "        db.Add(OutboxMessage.Of(message, id, traceParent));", "        WithoutOutbox.Add(db, OutboxMessage.Of(message, id, traceParent));"),
                new("libs/messaging/Outbox/OutboxInterceptor.cs", "            signal.Set();", "            signal.Set();\n            WithoutOutbox.Send(db);"),
            ],
            AddedFile = ("libs/messaging/WithoutOutbox.cs", WithoutOutbox),
        },
        new()
        {
            Name = "acknowledge before the handler has run",
            Invariant = Invariants.SameOrders,
            Project = "libs/messaging",
            Apps = ["inventory", "notification"],
            Edits =
            [
                new(
                    "libs/messaging/Events/EventEndpoints.cs",
                    "BulkDelivery.Answer(await processor.ProcessAsync(entries, cancellationToken))",
                    "BulkDelivery.Answer(AtOnce(entries, processor.ProcessAsync(entries, CancellationToken.None)))"),
                new(
                    "libs/messaging/Events/EventEndpoints.cs",
                    "    private static async Task<IResult> KeepDeadLetterAsync(",
                    """
                        private static IEnumerable<BulkStatus> AtOnce(List<BulkEntry> entries, Task later)
                        {
                            _ = later;
                            return entries.Select(entry => new BulkStatus(entry.EntryId, BulkDelivery.Success));
                        }

                        private static async Task<IResult> KeepDeadLetterAsync(
                    """),
            ],
        },
        new()
        {
            Name = "no dedupe in inventory",
            Invariant = Invariants.Stock,
            Project = "services/inventory",
            Apps = ["inventory"],
            Edits =
            [
                new(
                    "services/inventory/Reservations/OrderCreatedHandler.cs",
                    "                LogRepeated(message.OrderId);",
                    "                stock.GetValueOrDefault(message.ItemId)?.TryTake(message.Quantity);"),
                new("services/inventory/Reservations/OrderCreatedHandler.cs", "        if (added.Count > 0)", "        if (added.Count >= 0)"),
            ],
        },
        new()
        {
            Name = "delete the outbox rows before publishing them",
            Invariant = Invariants.NonePending,
            Project = "libs/messaging",
            Apps = ["order", "inventory"],
            Edits =
            [
                new(
                    "libs/messaging/Outbox/Relay.cs",
                    "        var moved = 0;\n",
                    "        await OutboxTable.DeleteAsync(connection, batch, cancellationToken);\n        await transaction.CommitAsync(cancellationToken);\n        var moved = 0;\n"),
                new(
                    "libs/messaging/Outbox/Relay.cs",
                    "        await transaction.CommitAsync(cancellationToken);\n        return moved;",
                    "        return moved;"),
            ],
        },
        new()
        {
            Name = "stock read and written without a lock",
            Invariant = Invariants.Stock,
            Project = "services/inventory",
            Apps = ["inventory"],
            Edits = [new("services/inventory/Reservations/OrderCreatedHandler.cs", " ORDER BY item_id FOR UPDATE\"", " ORDER BY item_id\"")],
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
                new("libs/messaging/Outbox/OutboxTable.cs", "                    LIMIT $2\n", "                    LIMIT $2 FOR UPDATE SKIP LOCKED\n"),
                // Acts as a slow sidecar. The unchanged relay would still publish in order; this one does not, and the delay makes it show.
                new(
                    "libs/messaging/Outbox/Relay.cs",
                    "        var moved = 0;\n",
                    "        await Task.Delay(Random.Shared.Next(50), CancellationToken.None);\n        var moved = 0;\n"),
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

    /// <summary>Publishes after the commit and ignores failures, as tutorials do.</summary>
    private const string WithoutOutbox =
        """
        using System.Buffers;
        using System.Net.Http.Headers;
        using System.Runtime.CompilerServices;
        using System.Text.Json;
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
                var buffer = new ArrayBufferWriter<byte>();
                using (var json = new Utf8JsonWriter(buffer))
                {
                    json.WriteStartArray();
                    foreach (var message in messages)
                    {
                        BulkPublishEntry.Write(json, new OutboxRow(0, message.Id, message.Topic, message.Key, message.Data, message.TraceParent, 0));
                    }

                    json.WriteEndArray();
                }

                try
                {
                    using var content = new ByteArrayContent(buffer.WrittenSpan.ToArray());
                    content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                    await Sidecar.PostAsync(new Uri($"/v1.0/publish/bulk/pubsub/{messages[0].Topic}", UriKind.Relative), content);
                }
                catch (HttpRequestException)
                {
                }
            }
        }
        """;
}
