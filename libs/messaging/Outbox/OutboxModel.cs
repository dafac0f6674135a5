using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Messaging;

/// <summary>Tells whether the model of the context contains the outbox. A service that only handles events has no outbox and no relay.</summary>
internal sealed class OutboxModel(IServiceScopeFactory scopes)
{
    private readonly Lazy<bool> _hasOutbox = new(() =>
    {
        using var scope = scopes.CreateScope();
        return scope.ServiceProvider.GetRequiredService<DbContext>().Model.FindEntityType(typeof(OutboxMessage)) is not null;
    });

    public bool HasOutbox => _hasOutbox.Value;
}
