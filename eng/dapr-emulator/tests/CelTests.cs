using System.Text.Json;
using DaprOrders.DaprEmulator.Cel;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>The language of routing rules and of circuit breakers.</summary>
public sealed class CelTests
{
    private const string Event = """
        {"type":"order.created","subject":null,"data":{"n":2,"price":1.5,"name":"Grüße","tags":["a","b"],"open":true,"to":{"city":"Bonn"},
         "lines":[{"item":"x","count":1},{"item":"y","count":3}],"text":"say \"hi\""} }
        """;

    [Theory]
    [InlineData("""event.type == "order.created" """)]
    [InlineData("event['type'] == 'order.created'")]
    [InlineData("""event.type != "x" && event.data.n == 2 || event.type == "x" """)]
    [InlineData("!(event.data.n > 2) && event.data.n >= 2 && event.data.n < 3 && event.data.n <= 2.0")]
    [InlineData("""event.type in ["order.created", "order.paid"]""")]
    [InlineData("""!(event.type in [])""")]
    [InlineData("'city' in event.data.to && 'b' in event.data.tags")]
    [InlineData("has(event.data.to.city) && !has(event.data.to.street)")]
    [InlineData("""event.type.startsWith("order.") && event.type.endsWith("created") && event.type.contains("er.cr")""")]
    [InlineData("""event.type.matches("^order\\.(created|paid)$") && matches(event.type, r"r\.c")""")]
    [InlineData("size(event.data.name) == 5 && event.data.name.size() == 5 && size(event.data.tags) == 2 && event.data.to.size() == 1")]
    [InlineData("event.data.tags[0] == 'a' && event.data.lines[1].count == 3")]
    [InlineData("event.data.open && event.data.open == true && event.subject == null")]
    [InlineData("event.data.n == 2 ? event.data.open : false")]
    [InlineData("event.data.price * 2.0 + 1.0 > 3.9 && -event.data.price < 0")]
    [InlineData("int(event.data.n) % 2 == 0 && 7 / 2 == 3 && -7 / 2 == -3 && 0x10 == 16 && 1u < 2u && double('1.5') == 1.5")]
    [InlineData("string(event.data.n) + 'x' == '2x' && 'a' < 'b'")]
    [InlineData("""event.data.text == "say \"hi\"" && "\u0041\x42\103" == 'ABC' && '''it's''' == "it's" """)]
    [InlineData("event.data.tags == ['a', 'b'] && event.data.n != 'two'")]
    [InlineData("event.data.lines.exists(l, l.count > 2) && !event.data.lines.all(l, l.count > 2) && event.data.lines.exists_one(l, l.item == 'x')")]
    [InlineData("event.data.lines.filter(l, l.count > 2).map(l, l.item) == ['y']")]
    [InlineData("event.data.missing == 1 || event.data.n == 2")]
    [InlineData("!(event.data.missing == 1 && event.data.n == 3)")]
    public void It_holds(string condition) => Assert.True(Holds(condition));

    [Theory]
    [InlineData("event.data.missing == 1", "no such key: missing")]
    [InlineData("event.type.length == 1", "no such key: length")]
    [InlineData("evnt.type == 'x'", "no such attribute(s): evnt")]
    [InlineData("event.data.missing == 1 && event.data.n == 2", "no such key: missing")]
    [InlineData("event.data.n + 1 > 2", "no such overload")]
    [InlineData("event.data.n.startsWith('2')", "no such overload")]
    [InlineData("event.data.tags[5] == 'a'", "index out of bounds")]
    [InlineData("1 / 0 == 1", "division by zero")]
    [InlineData("event.type", "was not a boolean")]
    [InlineData("9223372036854775807 + 1 > 0", "integer overflow")]
    public void It_has_no_value(string condition, string error) =>
        Assert.Contains(error, Assert.Throws<CelException>(() => Holds(condition)).Message);

    [Theory]
    [InlineData("event.type ==")]
    [InlineData("event.type = 'x'")]
    [InlineData("(event.type == 'x'")]
    [InlineData("event.type == 'x")]
    [InlineData("event.type == 'x' event")]
    [InlineData("has(event)")]
    [InlineData("lowerAscii(event.type) == 'x'")]
    [InlineData("event.type.lowerAscii() == 'x'")]
    [InlineData("1 == '1'")]
    [InlineData("!'x'")]
    [InlineData("event.type == 'x' && 'y'")]
    [InlineData("size(event.type) > 1.5")]
    public void It_is_no_expression(string condition) => Assert.Throws<FormatException>(() => CelExpression.Parse(condition));

    private static bool Holds(string condition)
    {
        using var document = JsonDocument.Parse(Event);
        return CelExpression.Parse(condition).Holds(name => name == "event" ? document.RootElement : throw new CelException($"no such attribute(s): {name}"));
    }
}
