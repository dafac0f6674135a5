using System.Text;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>Parses request paths as Dapr does: cleans the raw path first and decodes each part afterwards.</summary>
internal static class RequestPath
{
    private const string Unescaped = "-_.~$&+,/:;=@";

    /// <summary>Splits the raw request target into path and query. The query includes the question mark.</summary>
    public static (string Path, string Query) Split(string target)
    {
        if (!target.StartsWith('/') && Uri.TryCreate(target, UriKind.Absolute, out var absolute))
        {
            target = absolute.PathAndQuery;
        }

        var index = target.IndexOf('?', StringComparison.Ordinal);
        return index < 0 ? (target, "") : (target[..index], target[index..]);
    }

    /// <summary>Resolves <c>.</c>, <c>..</c> and double slashes and removes a trailing slash.</summary>
    public static string Clean(string path)
    {
        var segments = new List<string>();
        foreach (var segment in path.Split('/'))
        {
            if (segment == "..")
            {
                segments.RemoveRange(Math.Max(segments.Count - 1, 0), Math.Min(segments.Count, 1));
            }
            else if (segment is not ("" or "."))
            {
                segments.Add(segment);
            }
        }

        return "/" + string.Join('/', segments);
    }

    /// <summary>Decodes a part as a query value, so a plus sign becomes a space. Returns null if an escape sequence is invalid.</summary>
    public static string? Decode(string part) => HasInvalidEscape(part) ? null : Uri.UnescapeDataString(part.Replace('+', ' '));

    /// <summary>Encodes a decoded path. Like Dapr, it first decodes escape sequences that are still in the path.</summary>
    /// <returns>The encoded path, or null if a percent sign does not start a valid escape sequence.</returns>
    public static string? Encode(string path)
    {
        if (HasInvalidEscape(path))
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

    public static bool HasInvalidEscape(string text)
    {
        for (var index = text.IndexOf('%', StringComparison.Ordinal); index >= 0; index = text.IndexOf('%', index + 1))
        {
            if (index + 2 >= text.Length || !char.IsAsciiHexDigit(text[index + 1]) || !char.IsAsciiHexDigit(text[index + 2]))
            {
                return true;
            }
        }

        return false;
    }
}
