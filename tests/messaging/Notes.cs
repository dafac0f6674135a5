using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Messaging.Tests;

/// <summary>The smallest event: a text, and the key by which it is ordered.</summary>
internal sealed record Noted(string Text, string By) : IEvent
{
    public static string Topic => "noted";

    string IEvent.Key => By;
}

internal sealed class Note
{
    public int Id { get; init; }

    public required string Text { get; init; }
}

internal sealed class NotesDbContext(DbContextOptions<NotesDbContext> options) : DbContext(options)
{
    public DbSet<Note> Notes => Set<Note>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.AddOutbox();
        modelBuilder.AddDeadLetters();
        modelBuilder.Entity<Note>();
    }
}

/// <summary>Writes each text down; what the test's script throws for a text, it throws after its changes were made.</summary>
internal sealed class NotedHandler(NotesDbContext db, NotedHandler.Script script) : IHandleMessages<Noted>
{
    public async Task HandleAsync(IReadOnlyList<Noted> batch, CancellationToken cancellationToken)
    {
        script.Calls.Add([.. batch.Select(message => message.Text)]);
        foreach (var message in batch)
        {
            db.Notes.Add(new Note { Text = message.Text });
            await db.SaveChangesAsync(cancellationToken);
            if (script.Failures.TryGetValue(message.Text, out var failure))
            {
                throw failure;
            }
        }
    }

    internal sealed class Script
    {
        public List<string[]> Calls { get; } = [];

        public Dictionary<string, Exception> Failures { get; } = [];
    }
}
