using System.Text.Json.Nodes;

namespace DaprOrders.Contracts.Tests.Compatibility;

/// <summary>Finds values that one schema allows and another one forbids.</summary>
internal static class SchemaComparison
{
    /// <summary>Keywords whose values cannot be compared. If the value is new or different, the schema counts as narrower.</summary>
    private static readonly string[] Opaque =
        ["pattern", "format", "const", "multipleOf", "exclusiveMinimum", "exclusiveMaximum", "oneOf", "anyOf", "allOf", "not", "uniqueItems"];

    /// <summary>Checks a schema of input. Values that were allowed must still be allowed.</summary>
    public static IEnumerable<string> Narrowed(JsonNode before, JsonNode now, string path) =>
        Forbidden(before, now, path).Select(what => $"{what} is narrower than before");

    /// <summary>Checks a schema of output. No field may be removed, and no value may be added. Only a new version may add enum values.</summary>
    public static IEnumerable<string> Widened(JsonNode before, JsonNode now, string path, bool isNewVersion) =>
        Removed(before, now, path)
            .Concat(Forbidden(now, before, path).Where(what => !what.Contains(" value ", StringComparison.Ordinal)).Select(what => $"{what} is wider than before"))
            .Concat(isNewVersion
                ? []
                : Forbidden(now, before, path).Where(what => what.Contains(" value ", StringComparison.Ordinal)).Select(what => $"{what} needs a new version"));

    /// <summary>Returns the keywords with which <paramref name="narrow"/> forbids values that <paramref name="wide"/> allows.</summary>
    private static IEnumerable<string> Forbidden(JsonNode wide, JsonNode narrow, string path)
    {
        if (narrow["type"] is not null && (wide["type"] is null || !Types(wide).IsSubsetOf(Types(narrow))))
        {
            yield return $"{path}: type";
        }

        if (narrow["enum"] is JsonArray narrowValues)
        {
            if (wide["enum"] is not JsonArray wideValues)
            {
                yield return $"{path}: enum";
            }
            else
            {
                foreach (var value in wideValues.Where(value => !narrowValues.Any(known => JsonNode.DeepEquals(value, known))))
                {
                    yield return $"{path}: enum value {value?.ToJsonString() ?? "null"}";
                }
            }
        }

        foreach (var keyword in (string[])["minimum", "minLength", "minItems"])
        {
            if (Number(narrow, keyword) is { } minimum && !(Number(wide, keyword) >= minimum))
            {
                yield return $"{path}: {keyword}";
            }
        }

        foreach (var keyword in (string[])["maximum", "maxLength", "maxItems"])
        {
            if (Number(narrow, keyword) is { } maximum && !(Number(wide, keyword) <= maximum))
            {
                yield return $"{path}: {keyword}";
            }
        }

        foreach (var keyword in Opaque.Where(keyword => narrow[keyword] is not null && !JsonNode.DeepEquals(narrow[keyword], wide[keyword])))
        {
            yield return $"{path}: {keyword}";
        }

        foreach (var name in Names(narrow, "required").Except(Names(wide, "required")))
        {
            yield return $"{path}: required {name}";
        }

        foreach (var nested in Properties(wide, narrow, path))
        {
            yield return nested;
        }

        if (wide["items"] is { } wideItems && narrow["items"] is { } narrowItems)
        {
            foreach (var nested in Forbidden(wideItems, narrowItems, $"{path}[]"))
            {
                yield return nested;
            }
        }
    }

    private static IEnumerable<string> Properties(JsonNode wide, JsonNode narrow, string path)
    {
        var isClosed = narrow["additionalProperties"] is JsonValue additional && !additional.GetValue<bool>();
        if (isClosed && !(wide["additionalProperties"] is JsonValue other && !other.GetValue<bool>()))
        {
            yield return $"{path}: additionalProperties";
        }

        foreach (var (name, property) in wide["properties"]?.AsObject() ?? [])
        {
            if (narrow["properties"]?[name] is { } match)
            {
                foreach (var nested in Forbidden(property!, match, $"{path}.{name}"))
                {
                    yield return nested;
                }
            }
            else if (isClosed)
            {
                yield return $"{path}.{name}: the field";
            }
        }
    }

    private static IEnumerable<string> Removed(JsonNode before, JsonNode now, string path)
    {
        foreach (var (name, property) in before["properties"]?.AsObject() ?? [])
        {
            if (now["properties"]?[name] is not { } match)
            {
                yield return $"{path}.{name} is removed";
                continue;
            }

            foreach (var nested in Removed(property!, match, $"{path}.{name}"))
            {
                yield return nested;
            }
        }

        if (before["items"] is { } items && now["items"] is { } itemsNow)
        {
            foreach (var nested in Removed(items, itemsNow, $"{path}[]"))
            {
                yield return nested;
            }
        }
    }

    private static HashSet<string> Types(JsonNode schema)
    {
        var types = schema["type"] is JsonArray list ? list.Select(type => (string)type!).ToHashSet() : [(string)schema["type"]!];
        if (types.Contains("number"))
        {
            types.Add("integer");
        }

        return types;
    }

    private static IEnumerable<string> Names(JsonNode schema, string keyword) => (schema[keyword]?.AsArray() ?? []).Select(name => (string)name!);

    private static decimal? Number(JsonNode schema, string keyword) => (decimal?)schema[keyword];
}
