using DaprOrders.Faults.Tests.Kinds;
using DaprOrders.Faults.Tests.Mutations;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>
/// Contains the current and the next version of the order service. The next version has another column and another event field. The instances are
/// started from <see cref="Folder"/>, so they run the next version after it was installed there and they were restarted.
/// </summary>
internal sealed class OrderUpgrade : IDisposable
{
    public const string AppId = "order";
    public const string Column = "channel";

    private const string Assembly = "DaprOrders.OrderService.dll";

    private readonly string _nextAssembly;

    private OrderUpgrade(string nextAssembly) => _nextAssembly = nextAssembly;

    /// <summary>Gets the edits that turn the current version into the next one.</summary>
    public static Mutation Change { get; } = new()
    {
        Name = "the next version of order",
        Invariant = "",
        Project = "services/order",
        Apps = [AppId],
        Edits =
        [
            new(
                "services/order/Orders/Order.cs",
                "    public int Sweeps { get; private set; }\n",
                "    public int Sweeps { get; private set; }\n\n    public string? Channel { get; private init; } = \"web\";\n"),
            new(
                "services/order/Orders/OrderCreated.cs",
                "int Quantity, DateTimeOffset CreatedAt) : IEvent",
                "int Quantity, DateTimeOffset CreatedAt, string? Channel) : IEvent"),
            new("services/order/Orders/OrderCreated.cs", "order.Quantity, order.CreatedAt)", "order.Quantity, order.CreatedAt, order.Channel)"),
            new(
                "services/order/Data/Migrations/OrderDbContextModelSnapshot.cs",
                "                    b.Property<string>(\"IdempotencyKey\")\n",
                "                    b.Property<string>(\"Channel\").HasColumnType(\"text\").HasColumnName(\"channel\");\n\n"
                + "                    b.Property<string>(\"IdempotencyKey\")\n"),
        ],
        AddedFile = (
            "services/order/Data/Migrations/29991231235959_AddChannel.cs",
            """
            using Microsoft.EntityFrameworkCore.Infrastructure;
            using Microsoft.EntityFrameworkCore.Migrations;

            namespace DaprOrders.OrderService.Data.Migrations;

            [DbContext(typeof(OrderDbContext))]
            [Migration("29991231235959_AddChannel")]
            public class AddChannel : Migration
            {
                protected override void Up(MigrationBuilder migrationBuilder) =>
                    migrationBuilder.AddColumn<string>(name: "channel", table: "orders", type: "text", nullable: true);
            }
            """),
    };

    /// <summary>The next version is compiled once for all runs of this process.</summary>
    private static readonly Lazy<Task<MutatedBuild>> NextVersion = new(() => MutatedBuild.CreateAsync(Change));

    /// <summary>Gets the folder from which the instances are started.</summary>
    public string Folder { get; } = Ownership.CreateFolder("upgrade");

    /// <summary>Copies the current version and compiles the next one. Returns null if the plan has no upgrade.</summary>
    public static async Task<OrderUpgrade?> PrepareAsync(FaultPlan plan)
    {
        if (!plan.Kinds.Contains(UpgradeFaults.RollingUpgrade))
        {
            return null;
        }

        var upgrade = new OrderUpgrade(Path.Combine((await NextVersion.Value).Folders[AppId], Assembly));
        var current = Path.GetDirectoryName(Repository.Built(Repository.Projects[AppId], Assembly))!;
        foreach (var file in Directory.GetFiles(current, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(upgrade.Folder, Path.GetRelativePath(current, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return upgrade;
    }

    /// <summary>Replaces the assembly. It is moved and not overwritten, because running instances have mapped the old file.</summary>
    public void Install()
    {
        var copy = Path.Combine(Folder, $"{Assembly}.new");
        File.Copy(_nextAssembly, copy);
        File.Move(copy, Path.Combine(Folder, Assembly), overwrite: true);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
