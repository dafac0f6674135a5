using System.Globalization;

namespace DaprOrders.Bench.Report;

/// <summary>The names of measurements that targets and charts look up.</summary>
internal static class Names
{
    public const string NoOldRows = "no old rows";
    public const string OldRows = "old rows";
    public const string Single = "single orders, 128 clients";
    public const string RandomKeys = "single orders, random keys, 128 clients";
    public const string Published = "published with ReadyToRun";
    public const string Built = "after dotnet build";
    public const string CleanClone = "./run.sh in a clean clone, the build included";

    public static readonly int[] BatchSizes = [1, 10, 100, 500];

    public static string Batch(int size) => $"batches of {size}, 4 clients";

    public static string Rate(double perSecond) => string.Create(CultureInfo.InvariantCulture, $"{perSecond:F0}/s");

    public static string ShareOfMaximum(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F0} % of its maximum");
}
