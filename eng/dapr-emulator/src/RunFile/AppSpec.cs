namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>One entry of <c>apps</c>, merged with <c>common</c> and the defaults.</summary>
internal sealed record AppSpec
{
    public required string AppId { get; init; }

    /// <summary>Gets the number of this entry among those with the same app id. The first is 1.</summary>
    public int Instance { get; init; } = 1;

    /// <summary>Gets the file and line of the entry.</summary>
    public string Location { get; init; } = "";

    public required string Directory { get; init; }

    /// <summary>Gets the port that the app listens on. If null, nothing is delivered to the app.</summary>
    public int? AppPort { get; init; }

    public string AppChannelAddress { get; init; } = "";

    public required int HttpPort { get; init; }

    /// <summary>Gets the gRPC port. It is only passed to the app, because gRPC is not emulated.</summary>
    public required int GrpcPort { get; init; }

    /// <summary>Gets the metrics port. It is only passed to the app, because metrics are not emulated.</summary>
    public required int MetricsPort { get; init; }

    /// <summary>Gets a port that only error messages show, because sidecars call each other inside this process.</summary>
    public int InternalPort { get; init; }

    public IReadOnlyList<string> Command { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<string> ResourcesPaths { get; init; } = [];

    public string? ConfigFile { get; init; }

    public int MaxBodyBytes { get; init; } = 4 << 20;

    public int ReadBufferBytes { get; init; } = 4 << 10;

    public LogDestination AppLog { get; init; } = LogDestination.FileAndConsole;

    public LogDestination SidecarLog { get; init; } = LogDestination.File;

    /// <summary>Gets the name for control commands: the app id, followed by /n from the second instance on.</summary>
    public string Name => Instance == 1 ? AppId : $"{AppId}/{Instance}";
}

[Flags]
internal enum LogDestination
{
    File = 1,
    Console = 2,
    FileAndConsole = File | Console,
}
