using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Stack;

public sealed class RunLockTests
{
    [Fact]
    public void Lock_can_be_taken_again_only_after_its_release()
    {
        var folder = Directory.CreateTempSubdirectory("dapr-orders-lock-").FullName;
        using (RunLock.Take(folder))
        {
            var error = Assert.Throws<StackException>(() => RunLock.Take(folder));
            Assert.Equal($"the system is already running; stop it with: kill {Environment.ProcessId}", error.Message);
        }

        RunLock.Take(folder).Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
