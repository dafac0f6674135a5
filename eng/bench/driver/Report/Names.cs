namespace DaprOrders.Bench.Report;

/// <summary>The names of measurements that have a target.</summary>
internal static class Names
{
    public const string NoOldRows = "no old rows";
    public const string OldRows = "old rows";
    public const string Published = "published with ReadyToRun";
    public const string Built = "after dotnet build";
    public const string CleanClone = "./run.sh in a clean clone, the build included";
}
