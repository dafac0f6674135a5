using System.Text.Json;
using System.Text.Json.Nodes;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Changes one value of a case: of what came last of it where it counts, so that all before it has to be right to get there.</summary>
internal static class OtherValue
{
    public static JsonNode In(JsonNode recorded)
    {
        if (recorded is not JsonObject parts)
        {
            return recorded is JsonArray lines
                ? Changed(lines)
                : recorded.GetValueKind() == JsonValueKind.String ? recorded.GetValue<string>() + " otherwise" : 1 + recorded.GetValue<int>();
        }

        if (parts["dead_letter"] is JsonArray { Count: > 0 } letters && letters[^1]!["body"] is not null)
        {
            letters[^1]!["headers"]!["Other"] = "value";
        }
        else if (parts["app_received"] is JsonArray { Count: > 0 } received)
        {
            received[^1]!["path"] += "-otherwise";
        }
        else if (parts["delivered"] is JsonArray { Count: > 0 } delivered)
        {
            delivered[^1] = delivered[^1]!["body"] is null ? new JsonObject { ["other"] = 1 } : WithOtherBody(delivered[^1]!.DeepClone());
        }
        else if (parts["deliveries"] is JsonArray { Count: > 1 } deliveries && deliveries[^1] is JsonObject last)
        {
            last["after_ms"] = last["after_ms"]!.GetValue<int>() + 100;
        }
        else if (parts["deliveries"] is JsonArray { Count: > 0 } ids && ids[^1] is JsonArray list)
        {
            list[^1] = "other";
        }
        else if (parts["deliveries"] is JsonArray { Count: 0 } none)
        {
            none.Add(new JsonArray("other"));
        }
        else if (parts["response"] is JsonObject response)
        {
            response["status"] = response["status"]!.GetValue<int>() + 1;
        }
        else if (parts["calls"] is JsonArray { Count: > 0 } calls)
        {
            calls[^1] = calls[^1] is JsonObject call ? WithOtherPath(call.DeepClone()) : calls[^1]!.GetValue<string>().Replace("GET", "PUT").Replace("POST", "PUT");
        }
        else if (parts["errors"] is JsonArray { Count: > 0 } errors)
        {
            errors[^1] = errors[^1]!.GetValue<string>().Replace("line 3", "line 77") + " otherwise";
        }
        else
        {
            var (key, value) = parts.Last();
            parts[key] = In(value!.DeepClone());
        }

        return recorded;
    }

    private static JsonArray Changed(JsonArray lines)
    {
        lines[^1] = lines[^1]!.GetValue<string>() + " otherwise";
        return lines;
    }

    private static JsonNode WithOtherBody(JsonNode call)
    {
        call["body"] = call["body"]!.GetValue<string>().Replace("\"data", "\"other-data") + " ";
        return call;
    }

    private static JsonNode WithOtherPath(JsonNode call)
    {
        call["path"] += "-otherwise";
        return call;
    }
}
