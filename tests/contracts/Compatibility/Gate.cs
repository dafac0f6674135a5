using DaprOrders.Contracts.Tests.OpenApi;

namespace DaprOrders.Contracts.Tests.Compatibility;

/// <summary>Compares the contracts with a release, and finds changes that break a client or a service.</summary>
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

    /// <summary>Returns the broken promises. A new major version may break any of them.</summary>
    public static IReadOnlyList<string> Compare(ContractSet before, ContractSet now)
    {
        if (now.Version < before.Version)
        {
            return [$"{now.Version} is older than the release {before.Version}"];
        }

        var gate = new Gate(before, now);
        return now.Version.Major > before.Version.Major ? [] : [.. gate.BrokenEvents(), .. gate.RemovedOperations(), .. gate.BrokenHttp(), .. gate.BrokenExchanges()];
    }

    /// <summary>Checks events both as input and as output: some services send them, others receive them, and any service may be replaced.</summary>
    private IEnumerable<string> BrokenEvents()
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
            foreach (var violation in SchemaComparison.Narrowed(before, now, topic).Concat(SchemaComparison.Widened(before, now, topic, _isNewVersion)))
            {
                yield return violation;
            }
        }
    }

    private IEnumerable<string> RemovedOperations() => _before.AsyncApi.Operations.Except(_now.AsyncApi.Operations).Select(operation => $"{operation} is removed");

    private IEnumerable<string> BrokenHttp()
    {
        foreach (var file in _before.Files(".openapi.json"))
        {
            var service = Path.GetFileName(file)[..^".openapi.json".Length];
            var now = _now.Json(file) is { } document ? OpenApiFile.Read(document).Operations : [];
            foreach (var before in OpenApiFile.Read(_before.Json(file)!).Operations)
            {
                var match = now.SingleOrDefault(operation => operation.Method == before.Method && operation.Path == before.Path);
                foreach (var violation in match is null ? ["is removed"] : BrokenRequests(before, match).Concat(BrokenResponses(before, match)))
                {
                    yield return $"{service} {before} {violation}";
                }
            }
        }
    }

    private static IEnumerable<string> BrokenRequests(Operation before, Operation now)
    {
        foreach (var parameter in before.Parameters)
        {
            var name = (string)parameter!["name"]!;
            var match = now.Parameters.SingleOrDefault(other => (string)other!["name"]! == name && (string)other["in"]! == (string)parameter["in"]!);
            foreach (var violation in match is null ? [$"parameter {name} is removed"] : SchemaComparison.Narrowed(parameter["schema"]!, match["schema"]!, $"parameter {name}"))
            {
                yield return violation;
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
            foreach (var violation in now.RequestSchema is { } match ? SchemaComparison.Narrowed(schema, match, "request") : ["request is removed"])
            {
                yield return violation;
            }
        }
        else if (now.RequestSchema is not null)
        {
            yield return "request is required";
        }
    }

    private IEnumerable<string> BrokenResponses(Operation before, Operation now)
    {
        foreach (var (status, response) in before.Responses)
        {
            if (now.Responses[status] is not { } match)
            {
                if (status.StartsWith('2'))
                {
                    yield return $"{status} is removed";
                }

                continue; // an error that is no longer returned breaks no client
            }

            foreach (var (type, media) in response!["content"]?.AsObject() ?? [])
            {
                foreach (var violation in match["content"]?[type] is { } other
                    ? SchemaComparison.Widened(media!["schema"]!, other["schema"]!, status, _isNewVersion)
                    : [$"{status} {type} is removed"])
                {
                    yield return violation;
                }
            }
        }

        foreach (var (status, _) in now.Responses.Where(response => !_isNewVersion && !before.Responses.ContainsKey(response.Key)))
        {
            yield return $"{status} needs a new version";
        }
    }

    private IEnumerable<string> BrokenExchanges() =>
        from file in _before.Files(".exchanges.json")
        let before = _before.Json(file)!
        let now = _now.Json(file)
        from list in (string[])["exchanges", "events"]
        from exchange in before[list]?.AsArray() ?? []
        let promise = ExchangePromise.Of(exchange!, before)
        where !(now?[list]?.AsArray() ?? []).Any(other => ExchangePromise.IsKept(promise, ExchangePromise.Of(other!, now!)))
        select $"{file}: '{exchange!["name"]}' is removed or changed";
}
