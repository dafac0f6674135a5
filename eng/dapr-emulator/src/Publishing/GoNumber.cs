using System.Globalization;
using System.Text;

namespace DaprOrders.DaprEmulator.Publishing;

/// <summary>Numbers as Go writes those that it has read into a double: 1.50 is 1.5, and large ones get zeros before they get an exponent.</summary>
internal static class GoNumber
{
    private const double Smallest = 1e-6;
    private const double Largest = 1e21;

    public static string Format(double value)
    {
        if (value == 0)
        {
            return double.IsNegative(value) ? "-0" : "0";
        }

        // The shortest digits that are this number again, then their place.
        var parts = value.ToString("E16", CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var sign = value < 0 ? "-" : "";
        var digits = Digits(shortest);
        var exponent = int.Parse(parts[(parts.IndexOf('E') + 1)..], CultureInfo.InvariantCulture);
        var size = Math.Abs(value);
        if (size is < Smallest or >= Largest)
        {
            var mantissa = digits.Length > 1 ? $"{digits[0]}.{digits[1..]}" : digits;
            return $"{sign}{mantissa}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent).ToString(exponent < 0 ? "0" : "00", CultureInfo.InvariantCulture)}";
        }

        if (exponent < 0)
        {
            return sign + "0." + new string('0', -exponent - 1) + digits;
        }

        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0')
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    private static string Digits(string number)
    {
        var end = number.IndexOf('E', StringComparison.Ordinal);
        var digits = new StringBuilder();
        foreach (var letter in end < 0 ? number : number[..end])
        {
            if (char.IsAsciiDigit(letter))
            {
                digits.Append(letter);
            }
        }

        return digits.ToString().TrimStart('0').TrimEnd('0');
    }
}
