using System.Text.RegularExpressions;

namespace DaprOrders.Eng.Tests;

/// <summary>Finds values in a file that look like secrets.</summary>
internal static partial class SecretScan
{
    /// <summary>Values of tests and recordings that are tokens or passwords of nothing.</summary>
    private static readonly string[] Dummies = ["any", "another", "other", "wrong", "x", "secret", "appsecret"];

    /// <summary>The extensions of files in which a value needs no quotes.</summary>
    private static readonly string[] Unquoted = [".yml", ".yaml", ".sh", ".cmd", ".conf", ".env", ".ini", ".properties"];

    /// <summary>Returns the lines with a value that looks like a secret, as <c>path:line</c>.</summary>
    public static IEnumerable<string> Find(string path, string text)
    {
        var number = 0;
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            number++;
            if (Find(line, Unquoted.Contains(Path.GetExtension(path))))
            {
                yield return $"{path}:{number}";
            }
        }
    }

    private static bool Find(string line, bool isUnquoted) =>
        Patterns.Append(isUnquoted ? Assignment() : Quoted())
            .SelectMany(pattern => pattern.Matches(line)).Any(match => !Dummies.Contains(match.Groups["value"].Value));

    private static readonly Regex[] Patterns = [Keyword(), Quoted(), ComposeDefault(), CodeDefault(), Metadata(), Sql(), PrivateKey(), Credentials(), KnownToken()];

    // Each pattern excludes placeholders: $NAME, {name}, <name>, … and *.
    private const string Name = @"[\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|credentials?)";
    private const string Value = @"(?<value>[^\s""'\\;,${}<>…*()|]+)";

    /// <summary>A keyword of a connection string or a variable of a shell.</summary>
    [GeneratedRegex(@"(?i)\b\w*(?:password|pwd)=" + Value)]
    private static partial Regex Keyword();

    /// <summary>Also matches <c>Name { get; init; } = "value"</c>, <c>["NAME"] = "value"</c> and <c>"name": "value"</c>.</summary>
    [GeneratedRegex(@"(?i)(?<![\w.-])" + Name + @"\\?[""']?\]?\s*(?:\{[^}]*\})?\s*[:=]\s*\\?[""']" + Value + @"\\?[""']")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(?i)^\s*(?:#\s*)?(?:-\s+|export\s+)?" + Name + @"\s*[:=]\s*(?!(?:true|false|none|null)\s*$)" + Value + @"\s*$")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(?i)\$\{" + Name + ":?[-=]" + Value)]
    private static partial Regex ComposeDefault();

    [GeneratedRegex(@"(?i)" + Name + @"[""']\)\s*\?\?\s*[""']" + Value)]
    private static partial Regex CodeDefault();

    /// <summary>A setting of a component in Dapr, in one line.</summary>
    [GeneratedRegex(@"(?i)name: " + Name + @"\s*,\s*value: *[""']?" + Value)]
    private static partial Regex Metadata();

    [GeneratedRegex(@"(?i)password\s+'(?<value>[^'{}$%]+)'")]
    private static partial Regex Sql();

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY")]
    private static partial Regex PrivateKey();

    /// <summary>A user and a password in a URL.</summary>
    [GeneratedRegex(@"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@""'{}<>]+:[^\s/@""'{}$<>…]+@")]
    private static partial Regex Credentials();

    [GeneratedRegex(@"AKIA[0-9A-Z]{16}|gh[pousr]_\w{20}|xox[abp]-\w{10}|eyJ[\w-]{10,}\.eyJ[\w-]{10}|Bearer [\w.~+/-]{16}")]
    private static partial Regex KnownToken();
}
