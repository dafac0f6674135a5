using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.DaprEmulator.Cel;

/// <summary>Reads an expression of CEL by recursive descent.</summary>
internal sealed partial class CelParser
{
    // The loosest first.
    private static readonly string[][] Operators = [["||"], ["&&"], ["==", "!=", "<=", ">=", "<", ">", "in"], ["+", "-"], ["*", "/", "%"]];

    private static readonly HashSet<string> Macros = ["all", "exists", "exists_one", "filter", "map"];

    // With how many arguments; a method is called on its first.
    private static readonly HashSet<string> Functions = ["size/1", "int/1", "uint/1", "double/1", "string/1", "bool/1", "dyn/1", "matches/2"];

    private static readonly HashSet<string> Methods = ["size/1", "matches/2", "startsWith/2", "endsWith/2", "contains/2"];

    private readonly string _text;
    private readonly List<string> _tokens = [];
    private int _at;

    private CelParser(string text)
    {
        _text = text;
        var end = 0;
        foreach (var match in Token().EnumerateMatches(text))
        {
            Require(text.AsSpan(end, match.Index - end).IsWhiteSpace());
            end = match.Index + match.Length;
            _tokens.Add(text.Substring(match.Index, match.Length));
        }

        Require(text.AsSpan(end).IsWhiteSpace());
    }

    private string Next => _at < _tokens.Count ? _tokens[_at] : "";

    /// <exception cref="FormatException">It is no expression, or uses what is not known here.</exception>
    public static CelNode Parse(string text)
    {
        var parser = new CelParser(text);
        var node = parser.Expression();
        parser.Require(parser.Next.Length == 0);
        return node;
    }

    private CelNode Expression()
    {
        var condition = Binary(0);
        if (!Take("?"))
        {
            return condition;
        }

        var then = Binary(0);
        Expect(":");
        return new CelNode.Call("?:", condition, then, Expression());
    }

    private CelNode Binary(int level)
    {
        if (level == Operators.Length)
        {
            return Unary();
        }

        var left = Binary(level + 1);
        while (Operators[level].Contains(Next))
        {
            left = new CelNode.Call(_tokens[_at++], left, Binary(level + 1));
        }

        return left;
    }

    private CelNode Unary()
    {
        if (Take("!"))
        {
            return new CelNode.Call("!", Unary());
        }

        return Take("-") ? new CelNode.Call("-", Unary()) : Postfix(Primary());
    }

    private CelNode Postfix(CelNode node)
    {
        while (true)
        {
            if (Take("["))
            {
                node = new CelNode.Call("[]", node, Expression());
                Expect("]");
            }
            else if (Take("."))
            {
                var name = Identifier();
                node = Take("(") ? Method(node, name) : new CelNode.Member(node, name);
            }
            else
            {
                return node;
            }
        }
    }

    private CelNode Method(CelNode target, string name)
    {
        if (!Macros.Contains(name))
        {
            return Called(name, [target, .. List(")")], Methods);
        }

        var variable = Identifier();
        Expect(",");
        var body = Expression();
        Expect(")");
        return new CelNode.Loop(name, target, variable, body);
    }

    private CelNode Primary()
    {
        var token = Next;
        _at++;
        switch (token)
        {
            case "(":
                var inner = Expression();
                Expect(")");
                return inner;
            case "[":
                return new CelNode.Items(List("]"));
            case "true" or "false":
                return new CelNode.Literal(token == "true");
            case "null":
                return new CelNode.Literal(null);
            case "has" when Take("("):
                return Tested();
            case [.., '"' or '\'']:
                return new CelNode.Literal(TextOf(token));
            case [>= '0' and <= '9', ..] or ['.', >= '0' and <= '9', ..]:
                return new CelNode.Literal(NumberOf(token));
            default:
                Require(IsName(token));
                return Take("(") ? Called(token, List(")"), Functions) : new CelNode.Name(token);
        }
    }

    private CelNode.Member Tested()
    {
        var tested = Expression() as CelNode.Member;
        Require(tested is not null);
        Expect(")");
        return tested! with { Test = true };
    }

    private CelNode.Call Called(string name, List<CelNode> arguments, HashSet<string> known) =>
        known.Contains($"{name}/{arguments.Count}")
            ? new CelNode.Call(name, arguments)
            : throw new FormatException($"no function '{name}' with {arguments.Count} argument(s) is known here: {_text}");

    private List<CelNode> List(string end)
    {
        var list = new List<CelNode>();
        while (!Take(end))
        {
            if (list.Count > 0)
            {
                Expect(",");
            }

            list.Add(Expression());
        }

        return list;
    }

    private object NumberOf(string token)
    {
        var hex = token.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        var unsigned = token[^1] is 'u' or 'U';
        var digits = token[(hex ? 2 : 0)..(unsigned ? ^1 : ^0)];
        var style = hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
        if (unsigned)
        {
            Require(ulong.TryParse(digits, style, CultureInfo.InvariantCulture, out var natural));
            return natural;
        }

        if (hex || digits.All(char.IsAsciiDigit))
        {
            Require(long.TryParse(digits, style, CultureInfo.InvariantCulture, out var whole));
            return whole;
        }

        Require(double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number));
        return number;
    }

    private string TextOf(string token)
    {
        var raw = token[0] is 'r' or 'R';
        token = raw ? token[1..] : token;
        var quotes = token.Length >= 6 && token[1] == token[0] && token[2] == token[0] ? 3 : 1;
        var text = token[quotes..^quotes];
        return raw ? text : Escape().Replace(text, match => match.Value[1] switch
        {
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            'a' => "\a",
            'b' => "\b",
            'f' => "\f",
            'v' => "\v",
            'x' or 'X' or 'u' or 'U' when match.Length > 2 => CodePoint(match.Value[2..], 16),
            '0' or '1' or '2' or '3' when match.Length > 2 => CodePoint(match.Value[1..], 8),
            '\\' or '"' or '\'' or '`' or '?' => match.Value[1..],
            _ => throw Error(),
        });
    }

    private string CodePoint(string digits, int radix)
    {
        var code = Convert.ToInt32(digits, radix);
        Require(code is < 0xD800 or (> 0xDFFF and <= 0x10FFFF));
        return char.ConvertFromUtf32(code);
    }

    private static bool IsName(string token) => token.Length > 0 && (char.IsAsciiLetter(token[0]) || token[0] == '_') && token != "in";

    private string Identifier()
    {
        Require(IsName(Next));
        return _tokens[_at++];
    }

    private bool Take(string token)
    {
        if (Next != token)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Expect(string token) => Require(Take(token));

    private void Require(bool met)
    {
        if (!met)
        {
            throw Error();
        }
    }

    private FormatException Error() => new($"syntax error at '{Next}' in: {_text}");

    [GeneratedRegex("""
        [rR](?:\"{3}[\s\S]*?\"{3}|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*')
        |\"{3}(?:\\[\s\S]|[^\\])*?\"{3}|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'
        |0[xX][0-9a-fA-F]+[uU]?|\d+[uU]|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?
        |[A-Za-z_]\w*|&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]]
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Token();

    [GeneratedRegex("""\\(?:[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|[\s\S])""")]
    private static partial Regex Escape();
}
