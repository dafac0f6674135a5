using System.Text.Json;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace DaprOrders.ServiceDefaults;

/// <summary>Stores an enum as the word that the APIs use, so that psql and the log show <c>out_of_stock</c> too.</summary>
public static class SnakeCase
{
    /// <summary>Maps the property to a column of at most 16 characters with the enum's snake_case names.</summary>
    /// <typeparam name="TEnum">The enum.</typeparam>
    /// <param name="property">The property.</param>
    public static void HasSnakeCaseWords<TEnum>(this PropertyBuilder<TEnum> property)
        where TEnum : struct, Enum =>
        property.HasConversion(Converter<TEnum>()).HasMaxLength(16);

    /// <inheritdoc cref="HasSnakeCaseWords{TEnum}(PropertyBuilder{TEnum})"/>
    public static void HasSnakeCaseWords<TEnum>(this PropertyBuilder<TEnum?> property)
        where TEnum : struct, Enum =>
        property.HasConversion(Converter<TEnum>()).HasMaxLength(16);

    /// <summary>Gives the word that the APIs use for a value.</summary>
    /// <typeparam name="TEnum">The enum.</typeparam>
    /// <param name="value">The value.</param>
    /// <returns>The word, for example <c>out_of_stock</c>.</returns>
    public static string Word<TEnum>(TEnum value)
        where TEnum : struct, Enum =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static ValueConverter<TEnum, string> Converter<TEnum>()
        where TEnum : struct, Enum
    {
        var words = Enum.GetValues<TEnum>().ToDictionary(value => value, Word);
        var values = words.ToDictionary(word => word.Value, word => word.Key);
        return new ValueConverter<TEnum, string>(value => words[value], word => values[word]);
    }
}
