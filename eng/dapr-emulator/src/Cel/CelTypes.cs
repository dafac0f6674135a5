namespace DaprOrders.DaprEmulator.Cel;

/// <summary>Finds what can't have a value whatever the event: <c>!"x"</c>, <c>1 == "1"</c>. The runtime refuses such rules at its start.</summary>
internal static class CelTypes
{
    /// <exception cref="FormatException">Types do not go together.</exception>
    public static void Check(CelNode root, string text) => TypeOf(root, text);

    /// <returns>Null where only the event will show it.</returns>
    private static Type? TypeOf(CelNode node, string text)
    {
        switch (node)
        {
            case CelNode.Literal literal:
                return literal.Value?.GetType();
            case CelNode.Member member:
                TypeOf(member.Of, text);
                return member.Test ? typeof(bool) : null;
            case CelNode.Loop loop:
                TypeOf(loop.Over, text);
                TypeOf(loop.Body, text);
                return null;
            case CelNode.Items items:
                foreach (var item in items.All)
                {
                    TypeOf(item, text);
                }

                return typeof(List<object?>);
            case CelNode.Call call:
                return OfCall(call.Function, [.. call.Arguments.Select(argument => TypeOf(argument, text))], text);
            default:
                return null;
        }
    }

    private static Type? OfCall(string function, Type?[] types, string text)
    {
        FormatException Mismatch() => new(
            $"found no matching overload for '{function}' applied to '({string.Join(", ", types.Select(type => type?.Name.ToLowerInvariant() ?? "any"))})': {text}");
        bool Are(params ReadOnlySpan<Type> allowed)
        {
            foreach (var type in types)
            {
                if (type is not null && !allowed.Contains(type))
                {
                    return false;
                }
            }

            return types.OfType<Type>().Distinct().Count() <= 1;
        }

        switch (function)
        {
            case "&&" or "||" or "!":
                return Are(typeof(bool)) ? typeof(bool) : throw Mismatch();
            case "?:":
                return (types[0] is null || types[0] == typeof(bool)) && types[1..].OfType<Type>().Distinct().Count() <= 1
                    ? types[1] == types[2] ? types[1] : null
                    : throw Mismatch();
            case "==" or "!=":
                return types.OfType<Type>().Distinct().Count() <= 1 ? typeof(bool) : throw Mismatch();
            case "<" or "<=" or ">" or ">=":
                return Are(typeof(bool), typeof(long), typeof(ulong), typeof(double), typeof(string)) ? typeof(bool) : throw Mismatch();
            case "+" or "-" or "*" or "/" or "%":
                return Are([typeof(long), typeof(ulong), typeof(double), .. function == "+" ? [typeof(string), typeof(List<object?>)] : Type.EmptyTypes])
                    ? types.OfType<Type>().FirstOrDefault()
                    : throw Mismatch();
            case "startsWith" or "endsWith" or "contains" or "matches":
                return Are(typeof(string)) ? typeof(bool) : throw Mismatch();
            case "in" or "bool":
                return typeof(bool);
            case "size" or "int":
                return typeof(long);
            case "uint":
                return typeof(ulong);
            case "double":
                return typeof(double);
            case "string":
                return typeof(string);
            default:
                return null;
        }
    }
}
