using DaprOrders.Contracts.Tests.OpenApi;

namespace DaprOrders.Contracts.Tests.Compatibility;

/// <summary>Holds the contracts against a release of the same major version: what the others were promised is kept.</summary>
internal sealed class Gate
{
    private readonly ContractSet _before;
    private readonly ContractSet _now;
    private readonly bool _isNewVersion;

    private Gate(ContractSet before, ContractSet now)
    {
        _before = before;
        _now = now;
        _isNewVersion = now.Version > before.Version;
    }

    /// <summary>Says which promises are broken.</summary>
    public static IReadOnlyList<string> Compare(ContractSet before, ContractSet now)
    {
        if (now.Version < before.Version)
        {
            return [$"{now.Version} is older than the release {before.Version}"];
        }

        var gate = new Gate(before, now);
        return now.Version.Major > before.Version.Major ? [] : [.. gate.Events(), .. gate.Topics(), .. gate.Http(), .. gate.Exchanges()];
    }

    /// <summary>An event is sent by one service and accepted by others, each of which may be somebody else's.</summary>
    private IEnumerable<string> Events()
    {
        foreach (var file in _before.Files(".schema.json"))
        {
            var topic = Path.GetFileName(file)[..^".schema.json".Length];
            if (_now.Json(file) is not { } now)
            {
                yield return $"{topic}: the schema is removed";
                continue;
            }

            var before = _before.Json(file)!;
            foreach (var broken in SchemaComparison.Narrowed(before, now, topic).Concat(SchemaComparison.Widened(before, now, topic, _isNewVersion)))
            {
                yield return broken;
            }
        }
    }

    private IEnumerable<string> Topics() => _before.AsyncApi.Operations.Except(_now.AsyncApi.Operations).Select(operation => $"{operation} is removed");

    private IEnumerable<string> Http()
    {
        foreach (var file in _before.Files(".openapi.json"))
        {
            var service = Path.GetFileName(file)[..^".openapi.json".Length];
            var now = _now.Json(file) is { } document ? OpenApiFile.Read(document).Operations : [];
            foreach (var before in OpenApiFile.Read(_before.Json(file)!).Operations)
            {
                var same = now.SingleOrDefault(operation => operation.Method == before.Method && operation.Path == before.Path);
                foreach (var broken in same is null ? ["is removed"] : Received(before, same).Concat(Sent(before, same)))
                {
                    yield return $"{service} {before} {broken}";
                }
            }
        }
    }

    private static IEnumerable<string> Received(Operation before, Operation now)
    {
        foreach (var parameter in before.Parameters)
        {
            var name = (string)parameter!["name"]!;
            var same = now.Parameters.SingleOrDefault(other => (string)other!["name"]! == name && (string)other["in"]! == (string)parameter["in"]!);
            foreach (var broken in same is null ? [$"parameter {name} is removed"] : SchemaComparison.Narrowed(parameter["schema"]!, same["schema"]!, $"parameter {name}"))
            {
                yield return broken;
            }
        }

        foreach (var parameter in now.Parameters.Where(parameter => (bool?)parameter!["required"] == true))
        {
            if (!before.Parameters.Any(other => (string)other!["name"]! == (string)parameter!["name"]! && (bool?)other["required"] == true))
            {
                yield return $"parameter {parameter!["name"]} is required";
            }
        }

        if (before.RequestSchema is { } schema)
        {
            foreach (var broken in now.RequestSchema is { } same ? SchemaComparison.Narrowed(schema, same, "request") : ["request is removed"])
            {
                yield return broken;
            }
        }
        else if (now.RequestSchema is not null)
        {
            yield return "request is required";
        }
    }

    private IEnumerable<string> Sent(Operation before, Operation now)
    {
        foreach (var (status, response) in before.Responses)
        {
            if (now.Responses[status] is not { } same)
            {
                if (status.StartsWith('2'))
                {
                    yield return $"{status} is removed";
                }

                continue; // a refusal that comes no more harms nobody
            }

            foreach (var (type, media) in response!["content"]?.AsObject() ?? [])
            {
                foreach (var broken in same["content"]?[type] is { } other
                    ? SchemaComparison.Widened(media!["schema"]!, other["schema"]!, status, _isNewVersion)
                    : [$"{status} {type} is removed"])
                {
                    yield return broken;
                }
            }
        }

        foreach (var (status, _) in now.Responses.Where(response => !_isNewVersion && !before.Responses.ContainsKey(response.Key)))
        {
            yield return $"{status} needs a new version";
        }
    }

    private IEnumerable<string> Exchanges() =>
        from file in _before.Files(".exchanges.json")
        let before = _before.Json(file)!
        let now = _now.Json(file)
        from list in (string[])["exchanges", "events"]
        from exchange in before[list]?.AsArray() ?? []
        let promise = ExchangePromise.Of(exchange!, before)
        where !(now?[list]?.AsArray() ?? []).Any(other => ExchangePromise.IsKept(promise, ExchangePromise.Of(other!, now!)))
        select $"{file}: '{exchange!["name"]}' is removed or changed";
}
