namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>One entry of <c>apps</c>, with the values of <c>common</c> and the defaults.</summary>
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

    /// <summary>Gets a port that is only passed to the app: gRPC is not emulated.</summary>
    public required int GrpcPort { get; init; }

    /// <summary>Gets a port that is only passed to the app: metrics are not emulated.</summary>
    public required int MetricsPort { get; init; }

    /// <summary>Gets a port for error messages: sidecars call each other inside this process.</summary>
    public int InternalPort { get; init; }

    public IReadOnlyList<string> Command { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<string> ResourcesPaths { get; init; } = [];

    public string? ConfigFile { get; init; }

    public int MaxBodyBytes { get; init; } = 4 << 20;

    public int ReadBufferBytes { get; init; } = 4 << 10;

    public LogDestination AppLog { get; init; } = LogDestination.FileAndConsole;

    public LogDestination SidecarLog { get; init; } = LogDestination.File;

    /// <summary>Gets the name for control commands: the app id, with the number from the second instance on.</summary>
    public string Name => Instance == 1 ? AppId : $"{AppId}/{Instance}";
}

[Flags]
internal enum LogDestination
{
    File = 1,
    Console = 2,
    FileAndConsole = File | Console,
}
