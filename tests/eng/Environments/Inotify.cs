using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Environments;

/// <summary>Runs programs as a user who has no free inotify instances, as on a machine with many containers or an IDE.</summary>
internal static class Inotify
{
    /// <summary>Gets the words to put before a command so that it runs without free inotify instances.</summary>
    public static string[] WithoutInstances => ["unshare", "--user", "--map-root-user", "sh", "-c", "echo 0 >/proc/sys/user/max_inotify_instances && exec \"$@\"", "sh"];

    public static async Task SkipUnlessPossibleAsync()
    {
        var (exitCode, output) = await ProcessRunner.RunAsync([.. WithoutInstances, "true"], "/", Wait.Limit, null, TestContext.Current.CancellationToken);
        Assert.SkipUnless(exitCode is 0, $"User namespaces are not allowed here: {output}");
    }
}
