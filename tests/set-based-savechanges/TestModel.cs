using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace DaprOrders.SetBasedSaveChanges.Tests;

public enum Color
{
    Red,
    Green,
}

/// <summary>Has a column of every type that is merged.</summary>
public sealed class Everything
{
    public Guid Id { get; init; } = Guid.NewGuid();

    public bool Flag { get; set; }

    public short? Small { get; set; }

    public int? Whole { get; set; }

    public long? Big { get; set; }

    public float? Ratio { get; set; }

    public double? Precise { get; set; }

    public decimal? Price { get; set; }

    public string? Text { get; set; }

    public string? Code { get; set; }

    public byte[]? Blob { get; set; }

    public Guid? Other { get; set; }

    public DateOnly? Day { get; set; }

    public TimeOnly? Time { get; set; }

    public TimeSpan? Duration { get; set; }

    public DateTime? Local { get; set; }

    public DateTime? Utc { get; set; }

    public DateTimeOffset? At { get; set; }

    public string? Json { get; set; }

    public string? Jsonb { get; set; }

    public Color Color { get; set; }

    public Color? Maybe { get; set; }

    public Color? Number { get; set; }

    public List<string>? List { get; set; }

    public Money Total { get; set; } = new();
}

/// <summary>Is stored in the table of its owner.</summary>
public sealed class Money
{
    public decimal Amount { get; set; }

    public string Currency { get; set; } = "EUR";
}

public sealed class Tagged
{
    public int Id { get; init; }

    public string[] Tags { get; init; } = [];
}

public sealed class Letters
{
    public int Id { get; init; }

    public char Letter { get; init; }

    public string Fixed { get; init; } = "";

    public byte Byte { get; init; }
}

public sealed class Documented
{
    public int Id { get; init; }

    public Document Document { get; set; } = new();
}

public sealed class Document
{
    public string Title { get; set; } = "";

    public int Pages { get; set; }
}

public class Animal
{
    public int Id { get; init; }

    public string? Name { get; init; }
}

public sealed class Cat : Animal
{
    public int Lives { get; init; }
}

public sealed class Dog : Animal
{
    public string? Breed { get; init; }
}

public sealed class Versioned
{
    public int Id { get; init; }

    public string Name { get; set; } = "";

    public uint Version { get; init; }
}

public sealed class Token
{
    public int Id { get; init; }

    public string? Name { get; set; }
}

public sealed class Parent
{
    public int Id { get; init; }

    public List<Child> Children { get; init; } = [];
}

public sealed class Child
{
    public int Id { get; init; }

    public int ParentId { get; init; }
}

/// <summary>Has a key that the database generates.</summary>
public sealed class Generated
{
    public int Id { get; init; }

    public string Name { get; set; } = "";

    public List<Leaf> Leaves { get; init; } = [];
}

public sealed class Leaf
{
    public int Id { get; init; }

    public int GeneratedId { get; init; }
}

public sealed class Node
{
    public int Id { get; init; }

    public int? ParentId { get; init; }

    public Node? Parent { get; init; }
}

public sealed class Named
{
    public int Id { get; init; }

    public string Name { get; set; } = "";
}

public sealed class Defaulted
{
    public int Id { get; init; }

    public int Attempts { get; init; }
}

/// <summary>Has a column with a default that EF Core neither writes nor reads, and one that records the order of the inserts.</summary>
public sealed class Message
{
    public Guid Id { get; init; } = Guid.NewGuid();

    public string Text { get; init; } = "";
}

internal sealed class TestContext(DbContextOptions<TestContext> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Everything>(everything =>
        {
            everything.ToTable("everything");
            everything.Property(e => e.Id).ValueGeneratedNever();
            everything.Property(e => e.Price).HasPrecision(10, 2);
            everything.Property(e => e.Code).HasMaxLength(5);
            everything.Property(e => e.Local).HasColumnType("timestamp without time zone");
            everything.Property(e => e.Utc).HasColumnType("timestamp(3) with time zone");
            everything.Property(e => e.Json).HasColumnType("json");
            everything.Property(e => e.Jsonb).HasColumnType("jsonb");
            everything.Property(e => e.Color).HasConversion<string>().HasMaxLength(16);
            everything.Property(e => e.Maybe).HasConversion<string>();
            everything.Property(e => e.List).HasConversion(
                list => JsonSerializer.Serialize(list, JsonSerializerOptions.Default),
                text => JsonSerializer.Deserialize<List<string>>(text, JsonSerializerOptions.Default));
            everything.OwnsOne(e => e.Total);
        });
        modelBuilder.Entity<Tagged>().ToTable("tagged").Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<Letters>(letters =>
        {
            letters.ToTable("letters").Property(e => e.Id).ValueGeneratedNever();
            letters.Property(e => e.Fixed).HasMaxLength(3).IsFixedLength();
        });
        modelBuilder.Entity<Documented>(documented =>
        {
            documented.ToTable("documented").Property(e => e.Id).ValueGeneratedNever();
            documented.OwnsOne(e => e.Document, document => document.ToJson());
        });
        modelBuilder.Entity<Animal>().ToTable("animals").Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<Cat>();
        modelBuilder.Entity<Dog>();
        modelBuilder.Entity<Versioned>(versioned =>
        {
            versioned.ToTable("versioned").Property(e => e.Id).ValueGeneratedNever();
            versioned.Property(e => e.Version).IsRowVersion();
        });
        modelBuilder.Entity<Token>(token =>
        {
            token.ToTable("tokens").Property(e => e.Id).ValueGeneratedNever();
            token.Property(e => e.Name).IsConcurrencyToken();
        });
        modelBuilder.Entity<Parent>().ToTable("parents", table => table.HasTrigger("any")).Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<Child>().ToTable("children").Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<Generated>().ToTable("generated");
        modelBuilder.Entity<Leaf>().ToTable("leaves").Property(e => e.Id).ValueGeneratedNever();
        modelBuilder.Entity<Node>(node =>
        {
            node.ToTable("nodes").Property(e => e.Id).ValueGeneratedNever();
            node.HasOne(e => e.Parent).WithMany().HasForeignKey(e => e.ParentId);
        });
        modelBuilder.Entity<Named>(named =>
        {
            named.ToTable("named").Property(e => e.Id).ValueGeneratedNever();
            named.HasIndex(e => e.Name).IsUnique();
        });
        modelBuilder.Entity<Defaulted>(defaulted =>
        {
            defaulted.ToTable("defaulted").Property(e => e.Id).ValueGeneratedNever();
            defaulted.Property(e => e.Attempts).HasDefaultValue(7);
        });
        modelBuilder.Entity<Message>(message =>
        {
            message.ToTable("messages").Property(e => e.Id).ValueGeneratedNever();
            var position = message.Property<long>("position").UseIdentityAlwaysColumn().ValueGeneratedNever().Metadata;
            position.SetBeforeSaveBehavior(PropertySaveBehavior.Ignore);
        });
    }
}
