using System.Text;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>The path of a request as Dapr routes it: cleaned first, and decoded part by part only afterwards.</summary>
internal static class RequestPath
{
    private const string Unescaped = "-_.~$&+,/:;=@";

    /// <summary>Splits the raw request target; the query keeps its question mark.</summary>
    public static (string Path, string Query) Split(string target)
    {
        if (!target.StartsWith('/') && Uri.TryCreate(target, UriKind.Absolute, out var absolute))
        {
            target = absolute.PathAndQuery;
        }

        var at = target.IndexOf('?', StringComparison.Ordinal);
        return at < 0 ? (target, "") : (target[..at], target[at..]);
    }

    /// <summary>Resolves <c>.</c>, <c>..</c> and double slashes and removes a trailing slash.</summary>
    public static string Clean(string path)
    {
        var kept = new List<string>();
        foreach (var segment in path.Split('/'))
        {
            if (segment == "..")
            {
                kept.RemoveRange(Math.Max(kept.Count - 1, 0), Math.Min(kept.Count, 1));
            }
            else if (segment is not ("" or "."))
            {
                kept.Add(segment);
            }
        }

        return "/" + string.Join('/', kept);
    }

    /// <summary>Decodes a part as a query value: a plus is a space. Null when an escape is broken.</summary>
    public static string? Decode(string part) => HasBrokenEscape(part) ? null : Uri.UnescapeDataString(part.Replace('+', ' '));

    /// <summary>Encodes a decoded path. Dapr takes it for an encoded one first, so an escape that is left in it counts.</summary>
    /// <returns>Null when it has a percent sign that is not an escape.</returns>
    public static string? Encode(string path)
    {
        if (HasBrokenEscape(path))
        {
            return null;
        }

        var encoded = new StringBuilder(path.Length);
        foreach (var b in Encoding.UTF8.GetBytes(Uri.UnescapeDataString(path)))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || Unescaped.Contains((char)b, StringComparison.Ordinal))
            {
                encoded.Append((char)b);
            }
            else
            {
                encoded.Append('%').Append(b.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        return encoded.ToString();
    }

    public static bool HasBrokenEscape(string text)
    {
        for (var at = text.IndexOf('%', StringComparison.Ordinal); at >= 0; at = text.IndexOf('%', at + 1))
        {
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
            {
                return true;
            }
        }

        return false;
    }
}
