using System.Globalization;

namespace DaprOrders.ServiceDefaults;

/// <summary>The largest number of items of a page: 1 to 200. Without the parameter it is 50.</summary>
[ParameterSchema(Minimum = 1, Maximum = Max)]
public sealed record PageLimit(int Value) : RequestParameter("limit", "a whole number from 1 to 200")
{
    /// <summary>The limit of a request without the parameter.</summary>
    public const int Default = 50;

    /// <summary>The largest limit.</summary>
    public const int Max = 200;

    /// <summary>Parses the limit. Always returns true.</summary>
    public static bool TryParse(string? text, out PageLimit limit)
    {
        var isValid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= Max;
        limit = isValid ? new PageLimit(value) : new PageLimit(Default) { Malformed = text };
        return true;
    }
}
