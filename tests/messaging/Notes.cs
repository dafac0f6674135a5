using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Messaging.Tests;

/// <summary>An event with a text and a partition key.</summary>
internal sealed record Noted([property: StringLength(100)] string Text, string By) : IEvent
{
    public static string Topic => "noted";

    [JsonIgnore]
    public Guid EventId { get; init; } = Guid.CreateVersion7();

    [JsonIgnore]
    public string? TraceParent { get; init; }

    string IEvent.Key => By;

    Guid IEvent.Id => EventId;
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

/// <summary>Stores the text of each event. If the test has set a failure for the text, throws it after the changes.</summary>
internal sealed class NotedHandler(NotesDbContext db, NotedHandler.Script script) : IHandleMessages<Noted>
{
    public async Task HandleAsync(IReadOnlyList<Noted> batch, CancellationToken cancellationToken)
    {
        script.Calls.Add([.. batch.Select(message => message.Text)]);
        foreach (var message in batch)
        {
            await script.Before(db, message.Text);
            db.Notes.Add(new Note { Text = message.Text });
            await db.SaveChangesAsync(cancellationToken);
            if (script.Publishes)
            {
                db.Publish(new Noted(message.Text, message.By));
            }

            if (script.Failures.TryGetValue(message.Text, out var failure))
            {
                throw failure;
            }
        }
    }

    internal sealed class Script
    {
        public List<string[]> Calls { get; } = [];

        /// <summary>Gets or sets whether the handler publishes an event for each event that it handles.</summary>
        public bool Publishes { get; set; }

        /// <summary>Gets or sets what the handler does first for each text, in its transaction.</summary>
        public Func<NotesDbContext, string, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

        public Dictionary<string, Exception> Failures { get; } = [];
    }
}
