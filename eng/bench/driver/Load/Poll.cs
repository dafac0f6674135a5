using System.Runtime.InteropServices;

namespace DaprOrders.Bench.Load;

/// <summary>Waits until connections have received something, with a precise time limit. Socket.Select rounds it to milliseconds.</summary>
internal static partial class Poll
{
    private const short Input = 1;

    public static PollEntry EntryOf(Connection connection) => new() { Descriptor = connection.Descriptor, Events = Input };

    /// <summary>Waits until an entry has an event or the time has passed.</summary>
    public static void Wait(Span<PollEntry> entries, double milliseconds)
    {
        var limit = new Timespec { Seconds = (long)(milliseconds / 1000), Nanoseconds = (long)(milliseconds % 1000 * 1_000_000) };
        _ = PPoll(entries, (nuint)entries.Length, limit, 0);
    }

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static partial int PPoll(Span<PollEntry> entries, nuint count, in Timespec limit, nint signals);
}

/// <summary>The structure <c>pollfd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public int Descriptor;
    public short Events;
    public short Received;
}

/// <summary>The structure <c>timespec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Timespec
{
    public long Seconds;
    public long Nanoseconds;
}
