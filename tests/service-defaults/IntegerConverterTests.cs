using System.Text.Json;

namespace DaprOrders.ServiceDefaults.Tests;

public sealed class IntegerConverterTests
{
    private static readonly JsonSerializerOptions Options = new() { Converters = { new IntegerConverter() } };

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-7", -7)]
    [InlineData("2.0", 2)]
    [InlineData("1e3", 1000)]
    [InlineData("2147483647.000", int.MaxValue)]
    [InlineData("-2147483648", int.MinValue)]
    public void Number_without_a_fraction_is_an_integer(string json, int expected) => Assert.Equal(expected, JsonSerializer.Deserialize<int>(json, Options));

    [Theory]
    [InlineData("1.5")]
    [InlineData("2147483648")]
    [InlineData("-2147483649.0")]
    [InlineData("1e999")]
    [InlineData("\"1\"")]
    [InlineData("null")]
    [InlineData("[]")]
    public void Other_JSON_values_are_refused(string json) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<int>(json, Options));
}
