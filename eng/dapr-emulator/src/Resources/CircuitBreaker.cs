using System.Globalization;
using DaprOrders.DaprEmulator.Cel;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>What a circuit breaker of a Resiliency says.</summary>
/// <param name="MaxRequests">How many may try, and must succeed, before a half-open breaker closes.</param>
/// <param name="Interval">After which a closed breaker forgets its counts; zero is never.</param>
/// <param name="Timeout">How long it stays open.</param>
internal sealed record BreakerSpec(int MaxRequests, TimeSpan Interval, TimeSpan Timeout, CelExpression Trip)
{
    private const string DefaultTrip = "consecutiveFailures > 5";

    /// <exception cref="FormatException">The condition is no CEL, or more of it than is known here.</exception>
    public static BreakerSpec Read(YamlMap map) => new(
        int.TryParse(map.Text("maxRequests"), CultureInfo.InvariantCulture, out var requests) && requests > 0 ? requests : 1,
        GoDuration.Parse(map.Text("interval")) ?? TimeSpan.Zero,
        GoDuration.Parse(map.Text("timeout")) is { Ticks: > 0 } timeout ? timeout : TimeSpan.FromMinutes(1),
        CelExpression.Parse(map.Text("trip") ?? DefaultTrip));

    /// <summary>Gets whether the counts open the breaker; a condition that has no value for them does not.</summary>
    public bool Trips(Func<string, object?> countOf)
    {
        try
        {
            return Trip.Holds(countOf);
        }
        catch (CelException)
        {
            return false;
        }
    }
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

    private object Count(string name) => (long)(name switch
    {
        "requests" => _requests,
        "totalSuccesses" => _successes,
        "totalFailures" => _failures,
        "consecutiveSuccesses" => _successesInARow,
        "consecutiveFailures" => _failuresInARow,
        _ => throw new CelException($"no such attribute(s): {name}"),
    });
}
