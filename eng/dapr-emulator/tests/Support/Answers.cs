namespace DaprOrders.DaprEmulator.Tests.Support;

internal static class Answers
{
    public static IEnumerable<KeyValuePair<string, string>> Headers(HttpResponseMessage answer) => answer.Headers.NonValidated
        .Concat(answer.Content.Headers.NonValidated)
        .Select(header => KeyValuePair.Create(header.Key, header.Value.ToString()));
}
