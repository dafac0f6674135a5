namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>One entry of <c>apps</c> with everything that <c>common</c> and the defaults add to it.</summary>
internal sealed record AppSpec
{
    public required string AppId { get; init; }

    /// <summary>Gets the number among the entries of the same app id, from 1.</summary>
    public int Instance { get; init; } = 1;

    /// <summary>Gets file and line of the entry.</summary>
    public string Place { get; init; } = "";

    public required string Directory { get; init; }

    /// <summary>Gets the port the app listens on; without one nothing is delivered to it.</summary>
    public int? AppPort { get; init; }

    public string AppChannelAddress { get; init; } = "";

    public required int HttpPort { get; init; }

    public required int GrpcPort { get; init; }

    /// <summary>Gets a port that is only told to the app: there are no metrics here.</summary>
    public required int MetricsPort { get; init; }

    /// <summary>Gets a port that only appears in error texts: sidecars reach each other inside this process.</summary>
    public int InternalPort { get; init; }

    public IReadOnlyList<string> Command { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<string> ResourcesPaths { get; init; } = [];

    public string? ConfigFile { get; init; }

    public int MaxBodyBytes { get; init; } = 4 << 20;

    public int ReadBufferBytes { get; init; } = 4 << 10;

    public LogDestination AppLog { get; init; } = LogDestination.FileAndConsole;

    public LogDestination SidecarLog { get; init; } = LogDestination.File;

    /// <summary>Gets what control commands call this entry: the app id, with the number from the second instance on.</summary>
    public string Name => Instance == 1 ? AppId : $"{AppId}/{Instance}";
}

[Flags]
internal enum LogDestination
{
    File = 1,
    Console = 2,
    FileAndConsole = File | Console,
}
