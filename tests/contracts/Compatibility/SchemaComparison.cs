using System.Text.Json.Nodes;

namespace DaprOrders.Contracts.Tests.Compatibility;

/// <summary>Finds what one schema allows and another one forbids.</summary>
internal static class SchemaComparison
{
    /// <summary>Keywords of which nothing is known but that a change of theirs may forbid something.</summary>
    private static readonly string[] Opaque =
        ["pattern", "format", "const", "multipleOf", "exclusiveMinimum", "exclusiveMaximum", "oneOf", "anyOf", "allOf", "not", "uniqueItems"];

    /// <summary>What we accept: whatever was allowed is still allowed.</summary>
    public static IEnumerable<string> Narrowed(JsonNode before, JsonNode now, string where) =>
        Forbidden(before, now, where).Select(what => $"{what} is narrower than before");

    /// <summary>What we send: all that was there is there, and nothing that was not allowed.</summary>
    public static IEnumerable<string> Widened(JsonNode before, JsonNode now, string where, bool isNewVersion) =>
        Removed(before, now, where)
            .Concat(Forbidden(now, before, where).Where(what => !what.Contains(" value ", StringComparison.Ordinal)).Select(what => $"{what} is wider than before"))
            .Concat(isNewVersion
                ? []
                : Forbidden(now, before, where).Where(what => what.Contains(" value ", StringComparison.Ordinal)).Select(what => $"{what} needs a new version"));

    /// <summary>What <paramref name="wide"/> allows and <paramref name="narrow"/> does not, keyword by keyword.</summary>
    private static IEnumerable<string> Forbidden(JsonNode wide, JsonNode narrow, string where)
    {
        if (narrow["type"] is not null && (wide["type"] is null || !Types(wide).IsSubsetOf(Types(narrow))))
        {
            yield return $"{where}: type";
        }

        if (narrow["enum"] is JsonArray words)
        {
            if (wide["enum"] is not JsonArray more)
            {
                yield return $"{where}: enum";
            }
            else
            {
                foreach (var word in more.Where(word => !words.Any(known => JsonNode.DeepEquals(word, known))))
                {
                    yield return $"{where}: enum value {word?.ToJsonString() ?? "null"}";
                }
            }
        }

        foreach (var keyword in (string[])["minimum", "minLength", "minItems"])
        {
            if (Number(narrow, keyword) is { } least && !(Number(wide, keyword) >= least))
            {
                yield return $"{where}: {keyword}";
            }
        }

        foreach (var keyword in (string[])["maximum", "maxLength", "maxItems"])
        {
            if (Number(narrow, keyword) is { } most && !(Number(wide, keyword) <= most))
            {
                yield return $"{where}: {keyword}";
            }
        }

        foreach (var keyword in Opaque.Where(keyword => narrow[keyword] is not null && !JsonNode.DeepEquals(narrow[keyword], wide[keyword])))
        {
            yield return $"{where}: {keyword}";
        }

        foreach (var name in Names(narrow, "required").Except(Names(wide, "required")))
        {
            yield return $"{where}: required {name}";
        }

        foreach (var deeper in Properties(wide, narrow, where))
        {
            yield return deeper;
        }

        if (wide["items"] is { } wideItems && narrow["items"] is { } narrowItems)
        {
            foreach (var deeper in Forbidden(wideItems, narrowItems, $"{where}[]"))
            {
                yield return deeper;
            }
        }
    }

    private static IEnumerable<string> Properties(JsonNode wide, JsonNode narrow, string where)
    {
        var isClosed = narrow["additionalProperties"] is JsonValue additional && !additional.GetValue<bool>();
        if (isClosed && !(wide["additionalProperties"] is JsonValue other && !other.GetValue<bool>()))
        {
            yield return $"{where}: additionalProperties";
        }

        foreach (var (name, property) in wide["properties"]?.AsObject() ?? [])
        {
            if (narrow["properties"]?[name] is { } same)
            {
                foreach (var deeper in Forbidden(property!, same, $"{where}.{name}"))
                {
                    yield return deeper;
                }
            }
            else if (isClosed)
            {
                yield return $"{where}.{name}: the field";
            }
        }
    }

    private static IEnumerable<string> Removed(JsonNode before, JsonNode now, string where)
    {
        foreach (var (name, property) in before["properties"]?.AsObject() ?? [])
        {
            if (now["properties"]?[name] is not { } same)
            {
                yield return $"{where}.{name} is removed";
                continue;
            }

            foreach (var deeper in Removed(property!, same, $"{where}.{name}"))
            {
                yield return deeper;
            }
        }

        if (before["items"] is { } items && now["items"] is { } itemsNow)
        {
            foreach (var deeper in Removed(items, itemsNow, $"{where}[]"))
            {
                yield return deeper;
            }
        }
    }

    private static HashSet<string> Types(JsonNode schema)
    {
        var types = schema["type"] is JsonArray several ? several.Select(type => (string)type!).ToHashSet() : [(string)schema["type"]!];
        if (types.Contains("number"))
        {
            types.Add("integer");
        }

        return types;
    }

    private static IEnumerable<string> Names(JsonNode schema, string keyword) => (schema[keyword]?.AsArray() ?? []).Select(name => (string)name!);

    private static decimal? Number(JsonNode schema, string keyword) => (decimal?)schema[keyword];
}
