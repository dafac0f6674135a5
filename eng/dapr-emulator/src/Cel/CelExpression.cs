using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DaprOrders.DaprEmulator.Cel;

/// <summary>An expression that has no value: a member is missing, or types do not go together.</summary>
internal sealed class CelException(string message) : Exception(message);

/// <summary>
/// An expression of CEL, the language of routing rules and of <c>trip</c>. Values are null, bool, long, ulong, double, string,
/// lists of them, and <see cref="JsonElement"/>s, whose numbers are doubles.
/// </summary>
internal sealed class CelExpression
{
    private readonly CelNode _root;

    private CelExpression(string text, CelNode root) => (Text, _root) = (text, root);

    public string Text { get; }

    /// <exception cref="FormatException">It is no expression, uses what is not known here, or can't have a value.</exception>
    public static CelExpression Parse(string text)
    {
        var root = CelParser.Parse(text);
        CelTypes.Check(root, text);
        return new CelExpression(text, root);
    }

    /// <summary>Gets whether it holds.</summary>
    /// <param name="variable">Gets what a name stands for; throws <see cref="CelException"/> when that is nothing.</param>
    /// <exception cref="CelException">It has no value, or one that is neither true nor false.</exception>
    public bool Holds(Func<string, object?> variable) => Value(_root, variable) is bool holds
        ? holds
        : throw new CelException($"the result of match expression {Text} was not a boolean");

    private static object? Value(CelNode node, Func<string, object?> scope) => node switch
    {
        CelNode.Literal literal => literal.Value,
        CelNode.Name name => Plain(scope(name.Text)),
        CelNode.Member { Test: true } member => MemberOf(Value(member.Of, scope), member.Field, out _),
        CelNode.Member member => MemberOf(Value(member.Of, scope), member.Field, out var found) ? found : throw NoKey(member.Field),
        CelNode.Items items => items.All.Select(item => Value(item, scope)).ToList(),
        CelNode.Loop loop => Looped(loop, scope),
        CelNode.Call { Function: "&&" } call => Junction(call, scope, decisive: false),
        CelNode.Call { Function: "||" } call => Junction(call, scope, decisive: true),
        CelNode.Call { Function: "?:" } call => Value(call.Arguments[Truth(Value(call.Arguments[0], scope)) ? 1 : 2], scope),
        CelNode.Call { Arguments: [var only] } call => Unary(call.Function, Value(only, scope)),
        CelNode.Call call => Binary(call.Function, Value(call.Arguments[0], scope), Value(call.Arguments[1], scope)),
        _ => throw new CelException("unknown expression"),
    };

    // One side that decides is enough, even if the other has no value.
    private static bool Junction(CelNode.Call call, Func<string, object?> scope, bool decisive)
    {
        CelException? failure = null;
        foreach (var side in call.Arguments)
        {
            try
            {
                if (Truth(Value(side, scope)) == decisive)
                {
                    return decisive;
                }
            }
            catch (CelException failed)
            {
                failure ??= failed;
            }
        }

        return failure is null ? !decisive : throw failure;
    }

    private static object Looped(CelNode.Loop loop, Func<string, object?> scope)
    {
        var over = Value(loop.Over, scope);
        var items = over is JsonElement { ValueKind: JsonValueKind.Object } map
            ? [.. map.EnumerateObject().Select(member => (object?)member.Name)]
            : ListOf(over) ?? throw NoOverload(loop.Macro);
        object? Body(object? item) => Value(loop.Body, name => name == loop.Variable ? item : scope(name));
        return loop.Macro switch
        {
            "map" => items.Select(Body).ToList(),
            "filter" => items.Where(item => Truth(Body(item))).ToList(),
            "exists_one" => items.Count(item => Truth(Body(item))) == 1,
            var quantifier => Junction(
                new CelNode.Call("", [.. items.Select(item => new CelNode.Literal(Caught(() => Body(item))))]), scope, quantifier == "exists"),
        };
    }

    // What has no value among the items is only missed when none of the others decides.
    private static object? Caught(Func<object?> body)
    {
        try
        {
            return body();
        }
        catch (CelException failure)
        {
            return failure;
        }
    }

    private static bool Truth(object? value) => value switch
    {
        bool truth => truth,
        CelException failure => throw failure,
        _ => throw NoOverload("bool"),
    };

    private static bool MemberOf(object? of, string name, out object? found)
    {
        found = null;
        if (of is not JsonElement { ValueKind: JsonValueKind.Object } map)
        {
            throw NoKey(name);
        }

        var exists = map.TryGetProperty(name, out var member);
        found = exists ? Plain(member) : null;
        return exists;
    }

    private static object? Unary(string function, object? value) => (function, value) switch
    {
        ("!", bool truth) => !truth,
        ("-", long number) => Whole(-(decimal)number),
        ("-", double number) => -number,
        ("size", string text) => (long)text.EnumerateRunes().Count(),
        ("size", JsonElement { ValueKind: JsonValueKind.Object } map) => (long)map.GetPropertyCount(),
        ("size", _) when ListOf(value) is { } list => (long)list.Count,
        ("dyn", _) => value,
        ("string", string or bool or long or ulong or double) => TextOf(value),
        ("bool", bool) => value,
        ("bool", "1" or "t" or "T" or "true" or "TRUE" or "True") => true,
        ("bool", "0" or "f" or "F" or "false" or "FALSE" or "False") => false,
        ("double", string text) when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        ("double", long or ulong or double) => Convert.ToDouble(value, CultureInfo.InvariantCulture),
        ("int", string text) when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        ("int", double number) when Math.Abs(number) < long.MaxValue => (long)number,
        ("int", long or ulong) => Whole(Convert.ToDecimal(value, CultureInfo.InvariantCulture)),
        ("uint", string text) when ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        ("uint", double and >= 0 and < ulong.MaxValue) => (ulong)(double)value,
        ("uint", long or ulong) => Natural(Convert.ToDecimal(value, CultureInfo.InvariantCulture)),
        _ => throw NoOverload(function),
    };

    private static object? Binary(string function, object? left, object? right) => (function, left, right) switch
    {
        ("==", _, _) => AreEqual(left, right),
        ("!=", _, _) => !AreEqual(left, right),
        ("<", _, _) => Compare(left, right) is < 0,
        ("<=", _, _) => Compare(left, right) is <= 0,
        (">", _, _) => Compare(left, right) is > 0,
        (">=", _, _) => Compare(left, right) is >= 0,
        ("in", string key, JsonElement { ValueKind: JsonValueKind.Object } map) => map.TryGetProperty(key, out _),
        ("in", _, _) when ListOf(right) is { } list => list.Any(item => AreEqual(left, item)),
        ("[]", JsonElement, string key) => MemberOf(left, key, out var found) ? found : throw NoKey(key),
        ("[]", _, long or ulong or double) when ListOf(left) is { } list => Item(list, Convert.ToDouble(right, CultureInfo.InvariantCulture)),
        ("startsWith", string text, string part) => text.StartsWith(part, StringComparison.Ordinal),
        ("endsWith", string text, string part) => text.EndsWith(part, StringComparison.Ordinal),
        ("contains", string text, string part) => text.Contains(part, StringComparison.Ordinal),
        ("matches", string text, string pattern) => IsMatch(text, pattern),
        ("+", string text, string other) => text + other,
        ("+", _, _) when ListOf(left) is { } list && ListOf(right) is { } other => list.Concat(other).ToList(),
        (_, double one, double other) => Computed(function, one, other),
        (_, long one, long other) => Whole(Calculated(function, one, other)),
        (_, ulong one, ulong other) => Natural(Calculated(function, one, other)),
        _ => throw NoOverload(function),
    };

    private static double Computed(string function, double one, double other) => function switch
    {
        "+" => one + other,
        "-" => one - other,
        "*" => one * other,
        "/" => one / other,
        _ => throw NoOverload(function),
    };

    private static decimal Calculated(string function, decimal one, decimal other) => function switch
    {
        "+" => one + other,
        "-" => one - other,
        "*" => Math.Abs(other) > 1 && Math.Abs(one) > ulong.MaxValue / Math.Abs(other) ? throw Overflow() : one * other,
        "/" => other == 0 ? throw new CelException("division by zero") : decimal.Truncate(one / other),
        "%" => other == 0 ? throw new CelException("modulus by zero") : one % other,
        _ => throw NoOverload(function),
    };

    private static long Whole(decimal number) => number is >= long.MinValue and <= long.MaxValue ? (long)number : throw Overflow();

    private static ulong Natural(decimal number) => number is >= 0 and <= ulong.MaxValue ? (ulong)number : throw Overflow();

    private static object? Item(List<object?> list, double index) => index >= 0 && index < list.Count && index == Math.Floor(index)
        ? list[(int)index]
        : throw new CelException($"index out of bounds: {index.ToString(CultureInfo.InvariantCulture)}");

    // As RE2, which the runtime uses: linear in time, and any part of the text will do.
    private static bool IsMatch(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            throw new CelException(failure.Message);
        }
    }

    private static bool AreEqual(object? left, object? right)
    {
        if (IsNumber(left) && IsNumber(right))
        {
            return Compare(left, right) == 0;
        }

        if (ListOf(left) is { } list && ListOf(right) is { } other)
        {
            return list.Count == other.Count && list.Zip(other).All(pair => AreEqual(pair.First, pair.Second));
        }

        return left is JsonElement one && right is JsonElement another ? JsonElement.DeepEquals(one, another) : Equals(left, right);
    }

    /// <returns>Null when one of them is NaN, which is neither less nor more.</returns>
    private static int? Compare(object? left, object? right) => (left, right) switch
    {
        (double.NaN, _) or (_, double.NaN) => null,
        (long one, long other) => one.CompareTo(other),
        _ when IsNumber(left) && IsNumber(right) && (left is double || right is double) =>
            Convert.ToDouble(left, CultureInfo.InvariantCulture).CompareTo(Convert.ToDouble(right, CultureInfo.InvariantCulture)),
        _ when IsNumber(left) && IsNumber(right) =>
            Convert.ToDecimal(left, CultureInfo.InvariantCulture).CompareTo(Convert.ToDecimal(right, CultureInfo.InvariantCulture)),
        (string one, string other) => string.CompareOrdinal(one, other),
        (bool one, bool other) => one.CompareTo(other),
        _ => throw NoOverload("<"),
    };

    private static bool IsNumber(object? value) => value is long or ulong or double;

    private static List<object?>? ListOf(object? value) => value switch
    {
        List<object?> list => list,
        JsonElement { ValueKind: JsonValueKind.Array } array => [.. array.EnumerateArray().Select(item => Plain(item))],
        _ => null,
    };

    private static object? Plain(object? value) => value is not JsonElement element ? value : element.ValueKind switch
    {
        JsonValueKind.Object or JsonValueKind.Array => element,
        JsonValueKind.String => Publishing.GoJson.TextOf(element),
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static string TextOf(object value) => value switch
    {
        bool truth => truth ? "true" : "false",
        double number => Publishing.GoNumber.Format(number),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static CelException NoKey(string name) => new($"no such key: {name}");

    private static CelException NoOverload(string function) => new($"no such overload: {function}");

    private static CelException Overflow() => new("integer overflow");
}
