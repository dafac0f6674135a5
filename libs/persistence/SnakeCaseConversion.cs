using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace DaprOrders.Persistence;

/// <summary>Stores enums as the words that APIs and logs use.</summary>
public static class SnakeCaseConversion
{
    /// <summary>Maps the property to a column of at most 16 characters with the enum's snake_case names.</summary>
    public static PropertyBuilder<TEnum> HasSnakeCaseConversion<TEnum>(this PropertyBuilder<TEnum> property)
        where TEnum : struct, Enum =>
        property.HasConversion(Converter<TEnum>()).HasMaxLength(16);

    /// <inheritdoc cref="HasSnakeCaseConversion{TEnum}(PropertyBuilder{TEnum})"/>
    public static PropertyBuilder<TEnum?> HasSnakeCaseConversion<TEnum>(this PropertyBuilder<TEnum?> property)
        where TEnum : struct, Enum =>
        property.HasConversion(Converter<TEnum>()).HasMaxLength(16);

    private static ValueConverter<TEnum, string> Converter<TEnum>()
        where TEnum : struct, Enum
    {
        var words = Enum.GetValues<TEnum>().ToDictionary(value => value, SnakeCase.ToSnakeCase);
        var values = words.ToDictionary(word => word.Value, word => word.Key);
        return new ValueConverter<TEnum, string>(value => words[value], word => values[word]);
    }
}
