using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>A request of an .http file. Its heading ends with the expected status and, optionally, a word that the response contains.</summary>
internal sealed record HttpFileRequest(
    string Heading, int Status, string? Word, string? Name, string Method, string Url, IReadOnlyDictionary<string, string> Headers, string? Body);

/// <summary>Reads .http files as editors do: <c>###</c> begins a request, <c># @name</c> names it, <c>@host = …</c> sets a variable.</summary>
internal static partial class HttpFile
{
    /// <exception cref="InvalidDataException">A request has no heading with a status, or a line cannot be read.</exception>
    public static IReadOnlyList<HttpFileRequest> Read(string text)
    {
        var variables = Variable().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim());
        return [.. Separator().Split(text).Skip(1).Select(block => Request(Replace(block, variables)))];
    }

    /// <summary>Replaces <c>{{name}}</c> by the value of a variable. Other placeholders stay.</summary>
    public static string Replace(string text, IReadOnlyDictionary<string, string> values) =>
        Placeholder().Replace(text, match => values.GetValueOrDefault(match.Groups[1].Value, match.Value));

    private static HttpFileRequest Request(string block)
    {
        var lines = block.Split('\n');
        var heading = lines[0].Trim();
        if (Expected().Match(heading) is not { Success: true } expected)
        {
            throw new InvalidDataException($"'{heading}' does not end with the expected status, for example ': 201' or ': 200 confirmed'.");
        }

        var name = lines.Select(line => Name().Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value;
        var request = lines.Skip(1).SkipWhile(line => line.Trim().Length == 0 || line.StartsWith('#')).ToList();
        if (request.Count == 0 || RequestLine().Match(request[0]) is not { Success: true } first)
        {
            throw new InvalidDataException($"'{heading}' has no line with method and URL.");
        }

        var head = request.Skip(1).TakeWhile(line => line.Trim().Length > 0).ToList();
        var body = string.Join('\n', request.Skip(1 + head.Count)).Trim();
        return new HttpFileRequest(
            heading,
            int.Parse(expected.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            expected.Groups[2] is { Success: true, Value: var word } ? word : null,
            name,
            first.Groups[1].Value,
            first.Groups[2].Value,
            head.Select(line => line.Split(':', 2)).ToDictionary(header => header[0].Trim(), header => header[1].Trim()),
            body.Length > 0 ? body : null);
    }

    [GeneratedRegex("^@([a-z_]+) *= *(.*)$", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex("^###", RegexOptions.Multiline)]
    private static partial Regex Separator();

    [GeneratedRegex(@"\{\{([^}]+)\}\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(": ([0-9]{3})(?: ([a-z_]+))?$")]
    private static partial Regex Expected();

    [GeneratedRegex("^# @name ([a-z_]+)\\s*$")]
    private static partial Regex Name();

    [GeneratedRegex("^(GET|POST|PUT|DELETE) (\\S+)\\s*$")]
    private static partial Regex RequestLine();
}
