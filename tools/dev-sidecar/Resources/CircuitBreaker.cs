using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.DevSidecar.Resources;

/// <summary>What a circuit breaker of a Resiliency says.</summary>
/// <param name="MaxRequests">How many may try, and must succeed, before a half-open breaker closes.</param>
/// <param name="Interval">After which a closed breaker forgets its counts; zero is never.</param>
/// <param name="Timeout">How long it stays open.</param>
internal sealed partial record BreakerSpec(int MaxRequests, TimeSpan Interval, TimeSpan Timeout, string Trip)
{
    private const string DefaultTrip = "consecutiveFailures > 5";

    /// <exception cref="ResourceException">The condition is more than comparisons of its counts with numbers.</exception>
    public static BreakerSpec Read(string name, YamlMap map)
    {
        var spec = new BreakerSpec(
            int.TryParse(map.Text("maxRequests"), CultureInfo.InvariantCulture, out var requests) && requests > 0 ? requests : 1,
            GoDuration.Parse(map.Text("interval")) ?? TimeSpan.Zero,
            GoDuration.Parse(map.Text("timeout")) is { Ticks: > 0 } timeout ? timeout : TimeSpan.FromMinutes(1),
            map.Text("trip") ?? DefaultTrip);
        return spec.Trip.Split("||").All(any => any.Split("&&").All(one => Comparison().IsMatch(one)))
            ? spec
            : throw new ResourceException(
                $"circuit breaker {name}: the development sidecar only knows conditions such as '{DefaultTrip}', not '{spec.Trip}'");
    }

    public bool Trips(Func<string, int> countOf) => Trip.Split("||").Any(any => any.Split("&&").All(one =>
    {
        var match = Comparison().Match(one);
        var count = countOf(match.Groups["count"].Value);
        var limit = int.Parse(match.Groups["limit"].Value, CultureInfo.InvariantCulture);
        return match.Groups["operator"].Value switch
        {
            ">" => count > limit,
            ">=" => count >= limit,
            "<" => count < limit,
            "<=" => count <= limit,
            _ => count == limit,
        };
    }));

    [GeneratedRegex(@"^\s*(?<count>requests|totalSuccesses|totalFailures|consecutiveSuccesses|consecutiveFailures)\s*(?<operator>>=|<=|==|>|<)\s*(?<limit>\d+)\s*$")]
    private static partial Regex Comparison();
}

/// <summary>Lets calls through until too many have failed, then none, then some to try.</summary>
internal sealed class CircuitBreaker(BreakerSpec spec, TimeProvider time)
{
    public const string Open = "circuit breaker is open";
    public const string TooMany = "too many requests";

    private readonly Lock _gate = new();
    private State _state;
    private DateTimeOffset _since = time.GetUtcNow();
    private int _requests;
    private int _successes;
    private int _failures;
    private int _successesInARow;
    private int _failuresInARow;

    private enum State
    {
        Closed,
        HalfOpen,
        Open,
    }

    /// <returns>Null when a call may pass, which <see cref="Passed"/> is then told of; else why not.</returns>
    public string? Refusal()
    {
        lock (_gate)
        {
            Advance();
            if (_state == State.Open)
            {
                return Open;
            }

            if (_state == State.HalfOpen && _requests >= spec.MaxRequests)
            {
                return TooMany;
            }

            _requests++;
            return null;
        }
    }

    public void Passed(bool success)
    {
        lock (_gate)
        {
            Advance();
            (_successes, _failures) = success ? (_successes + 1, _failures) : (_successes, _failures + 1);
            (_successesInARow, _failuresInARow) = success ? (_successesInARow + 1, 0) : (0, _failuresInARow + 1);
            switch (_state)
            {
                case State.HalfOpen when !success:
                case State.Closed when !success && spec.Trips(Count):
                    Enter(State.Open);
                    break;
                case State.HalfOpen when _successesInARow >= spec.MaxRequests:
                    Enter(State.Closed);
                    break;
                default:
                    break;
            }
        }
    }

    private void Advance()
    {
        var age = time.GetUtcNow() - _since;
        if (_state == State.Open && age > spec.Timeout)
        {
            Enter(State.HalfOpen);
        }
        else if (_state == State.Closed && spec.Interval > TimeSpan.Zero && age > spec.Interval)
        {
            Enter(State.Closed);
        }
    }

    private void Enter(State state)
    {
        _state = state;
        _since = time.GetUtcNow();
        (_requests, _successes, _failures, _successesInARow, _failuresInARow) = (0, 0, 0, 0, 0);
    }

    private int Count(string name) => name switch
    {
        "requests" => _requests,
        "totalSuccesses" => _successes,
        "totalFailures" => _failures,
        "consecutiveSuccesses" => _successesInARow,
        _ => _failuresInARow,
    };
}
