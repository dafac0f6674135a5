using Microsoft.AspNetCore.Builder;

namespace DaprOrders.ServiceDefaults;

/// <summary>What the OpenAPI document says of a parameter, whether or not the handler binds it by itself.</summary>
/// <param name="Name">The name of the parameter or header.</param>
/// <param name="Description">What it means, with bounds, unit, and what its absence means.</param>
/// <param name="Example">A value.</param>
public sealed record KnownParameter(string Name, string Description, string Example)
{
    /// <summary>How many items a page of a list has.</summary>
    public static KnownParameter Limit { get; } =
        new("limit", $"How many items to give; absent means {Page.DefaultLimit}.", "10") { Minimum = 1, Maximum = Page.LargestLimit };

    /// <summary>Where a page of a list begins.</summary>
    public static KnownParameter Cursor { get; } =
        new("cursor", "Where to go on: what the page before gave as next. Absent means from the start.", "CN6Tu3xyRgABmbDCfip8Pp0fK4-mWk0-");

    /// <summary>How long a reader waits.</summary>
    public static KnownParameter Wait { get; } =
        new("wait", "How long to wait for the outcome, at most 30s; absent means not at all.", "5s") { Pattern = Parameters.WaitPattern };

    /// <summary>The key by which a repeated request is known.</summary>
    public static KnownParameter Key { get; } =
        new(IdempotencyKey.Header, "Makes the request safe to repeat: the same key is the same request, for ever.", "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3f")
        {
            IsHeader = true,
            Pattern = IdempotencyKey.Pattern,
        };

    /// <summary>The key by which a repeated request with many entries is known.</summary>
    public static KnownParameter BatchKey { get; } = Key with
    {
        Description = "Makes the request safe to repeat: an entry without a key of its own has this one with its place, as key/0 and so on.",
        Pattern = "^[!-~]{1,250}$",
    };

    /// <summary>Gets a value indicating whether it is a header; else it is in the path or the query.</summary>
    public bool IsHeader { get; init; }

    /// <summary>Gets the values that there are, or null for others.</summary>
    public IReadOnlyList<string>? Words { get; init; }

    /// <summary>Gets the regular expression that the value matches, or null.</summary>
    public string? Pattern { get; init; }

    /// <summary>Gets the least value of a whole number, or null for a text.</summary>
    public int? Minimum { get; init; }

    /// <summary>Gets the greatest value of a whole number, or null for a text.</summary>
    public int? Maximum { get; init; }
}

/// <summary>What a route says of its parameters.</summary>
public static class ParameterConventions
{
    /// <summary>Documents parameters of the route. It changes nothing of what the route does.</summary>
    /// <typeparam name="TBuilder">The kind of route.</typeparam>
    /// <param name="route">The route.</param>
    /// <param name="parameters">The parameters.</param>
    /// <returns>The same route.</returns>
    public static TBuilder Takes<TBuilder>(this TBuilder route, params KnownParameter[] parameters)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata([.. parameters]);

    /// <summary>Documents the route's body, for a handler that passes it on unread. It changes nothing of what the route does.</summary>
    /// <typeparam name="TBody">What the body is.</typeparam>
    /// <param name="route">The route.</param>
    /// <returns>The same route.</returns>
    public static RouteHandlerBuilder TakesBody<TBody>(this RouteHandlerBuilder route) => route.WithMetadata(new KnownBody(typeof(TBody)));
}

/// <summary>The body of a request that the handler does not bind.</summary>
internal sealed record KnownBody(Type Type);
