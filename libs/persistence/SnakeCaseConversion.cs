using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace DaprOrders.Persistence;

/// <summary>Stores enum values under their snake_case names, which APIs and logs use too.</summary>
public static class SnakeCaseConversion
{
    /// <summary>Maps the property to a column of 16 characters that contains the snake_case name of the value.</summary>
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
        var names = Enum.GetValues<TEnum>().ToDictionary(value => value, SnakeCase.ToSnakeCase);
        var values = names.ToDictionary(pair => pair.Value, pair => pair.Key);
        return new ValueConverter<TEnum, string>(value => names[value], name => values[name]);
    }
}
