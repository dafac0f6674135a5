using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// The client for which the gateway calls a service: the subject of the client's token. It is empty if authentication is off. As a parameter of a
/// route it is read from the request. Use it only in routes that check who sent the header.
/// </summary>
/// <param name="Value">The subject.</param>
public sealed partial record Owner(string Value)
{
    /// <summary>The header with the subject. Only the gateway may send it.</summary>
    public const string Header = "DaprOrders-Owner";

    /// <summary>Returns whether the value is a subject that can be sent in the header: 1 to 255 visible ASCII characters.</summary>
    public static bool IsValid(string? value) => value is not null && Pattern().IsMatch(value);

    /// <summary>Returns whether a header has exactly one value, and that is a valid subject.</summary>
    public static bool IsValid(StringValues values) => values is [var value] && IsValid(value);

    /// <summary>Reads the owner of the request.</summary>
    public static ValueTask<Owner> BindAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return ValueTask.FromResult(new Owner(context.Request.Headers[Header].ToString()));
    }

    [GeneratedRegex(@"^[!-~]{1,255}\z")]
    private static partial Regex Pattern();
}
