using DaprOrders.Faults.Tests.Checks;

namespace DaprOrders.Faults.Tests.Mutations;

internal static class AllMutations
{
    public static readonly IReadOnlyList<Mutation> List =
    [
        new()
        {
            Name = "answer before the commit",
            Invariant = Invariants.Acknowledged,
            Project = "services/order",
            Apps = ["order"],
            Edits =
            [
                new(
                    "services/order/Orders/PlaceOrder.cs",
                    "class PlaceOrder(OrderDbContext db, ",
                    "class PlaceOrder(IServiceScopeFactory scopes, OrderDbContext db, "),
                new(
                    "services/order/Orders/PlaceOrder.cs",
                    """
                            db.Orders.Add(order);
                            db.Publish(OrderCreated.From(order));
                            try
                            {
                                await db.SaveChangesAsync(CancellationToken.None);
                    """,
                    """
                            try
                            {
                                _ = SaveLaterAsync(order);
                    """),
                // Simulates a slow disk, so that a crash loses more than an order or two.
                new(
                    "services/order/Orders/PlaceOrder.cs",
                    "    private async Task<Order?> FindAsync(Owner owner, string? key)\n",
                    """
                        private async Task SaveLaterAsync(Order order)
                        {
                            await Task.Delay(Random.Shared.Next(100));
                            await using var scope = scopes.CreateAsyncScope();
                            var later = scope.ServiceProvider.GetRequiredService<OrderDbContext>();
                            later.Orders.Add(order);
                            later.Publish(OrderCreated.From(order));
                            await later.SaveChangesAsync(CancellationToken.None);
                        }

                        private async Task<Order?> FindAsync(Owner owner, string? key)

                    """),
            ],
        },
        new()
        {
            Name = "no check of the idempotency key",
            Invariant = Invariants.OneKeyOneOrder,
            Project = "services/order",
            Apps = ["order"],
            Edits =
            [
                new("services/order/Orders/PlaceOrder.cs", "        if (await FindAsync(owner, key) is { } earlier)", "        if (await FindAsync(owner, null) is { } earlier)"),
                new("services/order/Orders/PlaceOrder.cs", "Order.Place(owner, itemId, quantity, key, ", "Order.Place(owner, itemId, quantity, null, "),
            ],
            Plan = MutationPlans.Duplicates,
        },
        new()
        {
            Name = "inventory mixes up the quantities of a batch",
            Invariant = Invariants.SameContent,
            Project = "services/inventory",
            Apps = ["inventory"],
            Edits =
            [
                new(
                    "services/inventory/Reservations/OrderCreatedHandler.cs",
                    "message.OrderId, message.ItemId, message.Quantity, ",
                    "message.OrderId, message.ItemId, batch[^(reservations.Count - known + 1)].Quantity, "),
            ],
            Plan = MutationPlans.Duplicates,
        },
        new()
        {
            Name = "gateway mixes up the results of a call",
            Invariant = Invariants.StoredAsSent,
            Project = "services/gateway",
            Apps = ["gateway"],
            Edits =
            [
                new("services/gateway/Coalescing/GroupSender.cs", "var order = orders[i++];", "var order = orders[^++i];"),
                // Without these checks of the content, as a simpler gateway would be.
                new("services/gateway/Coalescing/GroupSender.cs", " || !itemId.ValueEquals(wanted.ItemId)", ""),
                new("services/gateway/Coalescing/GroupSender.cs", " || units != wanted.Quantity", ""),
            ],
            Plan = MutationPlans.Groups,
        },
        new()
        {
            Name = "order ignores the keys of a group",
            Invariant = Invariants.OneKeyOneOrder,
            Project = "services/order",
            Apps = ["order"],
            Edits = [new("services/order/Orders/PlaceGroup.cs", "entry.Quantity!.Value, entry.IdempotencyKey, ", "entry.Quantity!.Value, null, ")],
            Plan = MutationPlans.Groups,
        },
        new()
        {
            Name = "order mixes up the results of a batch",
            Invariant = Invariants.StoredAsSent,
            Project = "services/order",
            Apps = ["order"],
            Edits =
            [
                new(
                    "services/order/Orders/PlaceOrders.cs",
                    "results[placement.Wanted.Index] = placeOrders.ResultOf(placement);",
                    "results[^(placement.Wanted.Index + 1)] = placeOrders.ResultOf(placement);"),
            ],
            Plan = MutationPlans.Duplicates,
        },
        new()
        {
            Name = "order fails for a duplicate event",
            Invariant = Invariants.OnlyPoison,
            Project = "services/order",
            Apps = ["order"],
            Edits =
            [
                new(
                    "services/order/Orders/Order.cs",
                    "            return Status == status;",
                    "            throw new InvalidOperationException(\"The order is already settled.\");"),
            ],
            Plan = MutationPlans.Duplicates,
        },
        new()
        {
            Name = "notification notifies for a duplicate event again",
            Invariant = Invariants.OneNotification,
            Project = "services/notification",
            Apps = ["notification"],
            Edits =
            [
                new(
                    "services/notification/Notifications/InventoryUpdatedHandler.cs",
                    "            .Where(message => notified.Add(new { message.OrderId, message.Outcome }))\n",
                    ""),
                // Without this edit the unique index would refuse the second row.
                new(
                    "services/notification/Data/Migrations/20261123091653_Initial.cs",
                    "columns: new[] { \"order_id\", \"outcome\" },\n                unique: true);",
                    "columns: new[] { \"order_id\", \"outcome\" });"),
            ],
            Plan = MutationPlans.Duplicates,
        },
        new()
        {
            Name = "read from a cache of the instance",
            Invariant = Histories.StatusOrder,
            Project = "services/order",
            Apps = ["order"],
            Edits =
            [
                new(
                    "services/order/Orders/GetOrder.cs",
                    "        var order = await FindAsync(db, owner, id.Value, cancellationToken);",
                    "        var order = await (wait is { Value.Ticks: > 0 } ? FindAsync(db, owner, id.Value, cancellationToken) : FindCachedAsync(db, owner, id.Value, cancellationToken));"),
                new(
                    "services/order/Orders/GetOrder.cs",
                    "    private static Task<Order?> FindAsync(",
                    """
                        private static readonly System.Collections.Concurrent.ConcurrentDictionary<Guid, Order> Cache = new();

                        private static async Task<Order?> FindCachedAsync(OrderDbContext db, Owner owner, Guid id, CancellationToken cancellationToken) =>
                            Cache.TryGetValue(id, out var cached) ? cached
                            : await FindAsync(db, owner, id, cancellationToken) is { } order ? Cache.GetOrAdd(id, order)
                            : null;

                        private static Task<Order?> FindAsync(
                    """),
            ],
            Plan = MutationPlans.Duplicates,
        },
        new()
        {
            Name = "dead letters filter events by id",
            Invariant = Invariants.NonePending,
            Project = "libs/messaging",
            Apps = ["inventory"],
            Edits =
            [
                new(
                    "libs/messaging/Events/EventProcessor.cs",
                    "                readable.Add(item);\n",
                    """
                                    if (await IsDeadLetterAsync(received.Id, cancellationToken))
                                    {
                                        item.IsDone = true;
                                        continue;
                                    }

                                    readable.Add(item);

                    """),
                new(
                    "libs/messaging/Events/EventProcessor.cs",
                    "    private static Dictionary<string, string> TracesByKey(",
                    """
                        private async Task<bool> IsDeadLetterAsync(string eventId, CancellationToken cancellationToken)
                        {
                            await using var scope = scopes.CreateAsyncScope();
                            var letters = scope.ServiceProvider.GetRequiredService<DbContext>().Set<DeadLetter>();
                            return await letters.AnyAsync(letter => letter.EventId == eventId, cancellationToken);
                        }

                        private static Dictionary<string, string> TracesByKey(
                    """),
            ],
            Plan = MutationPlans.DeadLetters,
        },
        new()
        {
            Name = "one unreadable event fails its delivery",
            Invariant = Invariants.NonePending,
            Project = "libs/messaging",
            Apps = ["inventory"],
            Edits =
            [
                new(
                    "libs/messaging/Events/EventProcessor.cs",
                    "            await StoreDeadLetterAsync(item, reason, attempts: 1, cancellationToken);\n",
                    "            if (reason.Length > 0)\n            {\n                throw new TimeoutException(reason);\n            }\n\n"),
            ],
            Plan = MutationPlans.Unreadable,
        },
        new()
        {
            Name = "pages of a list repeat the last order",
            Invariant = Histories.CompleteLists,
            Project = "libs/persistence",
            Apps = ["order"],
            Edits =
            [
                new(
                    "libs/persistence/KeysetPaging.cs",
                    """
                                list = list.Where(item => item.Id < after.Id);
                    """,
                    """
                                list = list.Where(item => item.Id <= after.Id);
                    """),
            ],
            Plan = MutationPlans.Duplicates,
        },
        new()
        {
            Name = "inventory does not republish a reservation",
            Invariant = Invariants.NonePending,
            Project = "services/inventory",
            Apps = ["inventory"],
            Edits =
            [
                new(
                    "services/inventory/Reservations/OrderCreatedHandler.cs",
                    "reservation.CreatedAt < now - options.Value.RepeatAfter ||",
                    "reservation.CreatedAt < now - options.Value.RepeatAfter - TimeSpan.FromDays(1) ||"),
            ],
            Plan = Plans.Losses,
        },
        new()
        {
            Name = "no idle timeout, so a frozen process keeps the relay's lock",
            Invariant = Invariants.ReservedInTime,
            Project = "libs/messaging",
            Apps = ["order"],
            Edits =
            [
                new(
                    "libs/messaging/Outbox/OutboxTable.cs",
                    "set_config('idle_in_transaction_session_timeout', '10s', true)",
                    "set_config('idle_in_transaction_session_timeout', '0', true)"),
            ],
            Plan = MutationPlans.FrozenRelay,
        },
        new()
        {
            Name = "publish outside the transaction, without an outbox",
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
            Name = "acknowledge before the commit",
            Invariant = Invariants.SameOrders,
            Project = "libs/messaging",
            Apps = ["inventory", "notification"],
            Edits =
            [
                new(
                    "libs/messaging/Events/EventEndpoints.cs",
                    "BulkDelivery.Respond(await processor.ProcessAsync(entries, cancellationToken))",
                    "BulkDelivery.Respond(AtOnce(entries.ConvertAll(entry => entry with { Event = entry.Event.Clone() }), copies => processor.ProcessAsync(copies, CancellationToken.None)))"),
                // Simulates a slow disk, so that a crash loses more than an event or two.
                new(
                    "libs/messaging/Events/EventEndpoints.cs",
                    "    private static async Task<Ok> StoreDeadLetterAsync(",
                    """
                        private static IEnumerable<BulkStatus> AtOnce(List<BulkEntry> entries, Func<List<BulkEntry>, Task> process)
                        {
                            _ = LaterAsync(() => process(entries));
                            return entries.Select(entry => new BulkStatus(entry.EntryId, BulkDelivery.Success));
                        }

                        private static async Task LaterAsync(Func<Task> process)
                        {
                            await Task.Delay(Random.Shared.Next(100));
                            await process();
                        }

                        private static async Task<Ok> StoreDeadLetterAsync(
                    """),
            ],
        },
        new()
        {
            Name = "inventory reserves for a duplicate event again",
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
            Plan = MutationPlans.Duplicates,
        },
        new()
        {
            Name = "relay deletes rows before it publishes them",
            Invariant = Invariants.NonePending,
            Project = "libs/messaging",
            Apps = ["order", "inventory"],
            Edits =
            [
                new(
                    "libs/messaging/Outbox/Relay.cs",
                    "        var result = batch.Rows.Count == 0\n",
                    """
                            await OutboxTable.DeleteAndCommitAsync(connection, batch.Rows, cancellationToken);
                            var result = batch.Rows.Count == 0

                    """),
                new(
                    "libs/messaging/Outbox/Relay.cs",
                    "        await OutboxTable.DeleteAndCommitAsync(connection, result.Done, cancellationToken);\n",
                    ""),
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
                new("libs/messaging/Outbox/OutboxTable.cs", "pg_advisory_xact_lock(hashtext('outbox'))", "1"),
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
            Plan = Plans.Losses,
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
                    new OutboxRow(0, message.Id, message.Topic, message.Key, Encoding.UTF8.GetBytes(message.Data), message.TraceParent, 0))));
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
