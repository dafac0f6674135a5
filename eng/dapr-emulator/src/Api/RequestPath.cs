using System.Text;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>The path of a request as the runtime routes it: cleaned first, decoded part by part only afterwards.</summary>
internal static class RequestPath
{
    private const string AsTheyAre = "-_.~!$&'()*+,;=:@[]%/";

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

    /// <summary>Resolves <c>.</c>, <c>..</c> and doubled slashes and drops a trailing one, as Go's path.Clean does.</summary>
    public static string Clean(string path)
    {
        if (!path.Contains("//", StringComparison.Ordinal) && !path.Contains("/.", StringComparison.Ordinal))
        {
            return path.Length > 1 ? path.TrimEnd('/') : path;
        }

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

    /// <summary>Decodes a part as a query value is decoded: a plus is a space. Null when an escape is broken.</summary>
    public static string? Decode(string part) => HasBrokenEscape(part) ? null : Uri.UnescapeDataString(part.Replace('+', ' '));

    public static string? DecodePath(string path) => HasBrokenEscape(path) ? null : Uri.UnescapeDataString(path);

    /// <summary>Cleans what need not begin with a slash; what leads above its start is left out, and nothing is left of a dot.</summary>
    public static string CleanRelative(string path) => path.StartsWith('/') ? Clean(path) : Clean("/" + path)[1..];

    /// <summary>Gets what follows these parts and any number of slashes, or null.</summary>
    public static string? After(string path, params ReadOnlySpan<string> parts)
    {
        var at = 0;
        foreach (var part in parts)
        {
            while (at < path.Length && path[at] == '/')
            {
                at++;
            }

            if (string.CompareOrdinal(path, at, part, 0, part.Length) != 0 || at + part.Length >= path.Length || path[at + part.Length] != '/')
            {
                return null;
            }

            at += part.Length;
        }

        return path[at..].TrimStart('/') is { Length: > 0 } rest ? rest : null;
    }

    /// <summary>Writes a decoded path into a request line as Go does, which first takes it for one that is encoded already.</summary>
    /// <returns>Null when it has a percent sign that is no escape.</returns>
    public static string? Encode(string path)
    {
        if (HasBrokenEscape(path))
        {
            return null;
        }

        if (path.All(letter => char.IsAsciiLetterOrDigit(letter) || AsTheyAre.Contains(letter, StringComparison.Ordinal)))
        {
            return path;
        }

        var encoded = new StringBuilder(path.Length);
        foreach (var b in Encoding.UTF8.GetBytes(Uri.UnescapeDataString(path)))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || "-_.~$&+,/:;=@".Contains((char)b, StringComparison.Ordinal))
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

    public static bool HasBrokenEscape(string text) => BrokenEscapeIn(text) is not null;

    /// <summary>Finds the first percent sign that is no escape, with the two letters after it; null when there is none.</summary>
    public static string? BrokenEscapeIn(string text)
    {
        for (var at = text.IndexOf('%', StringComparison.Ordinal); at >= 0; at = text.IndexOf('%', at + 1))
        {
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
            {
                return text[at..Math.Min(at + 3, text.Length)];
            }
        }

        return null;
    }
}
