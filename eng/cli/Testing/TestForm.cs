using DaprOrders.Stack;

namespace DaprOrders.Cli.Testing;

/// <summary>A set of tests that run together.</summary>
/// <param name="Name">The name on the command line, and the value of the trait <c>Form</c> of its explicit tests.</param>
/// <param name="Steps">The test projects. Those of one step run in parallel, the slowest first.</param>
/// <param name="Options">Options of the xunit runner.</param>
internal sealed record TestForm(string Name, string Description, IReadOnlyList<IReadOnlyList<TestProject>> Steps, params string[] Options)
{
    public const string EmulatorTests = "eng/dapr-emulator/tests";

    public static readonly TestForm Fast = new(
        "fast",
        "The tests that every change must pass. The default.",
        [
            [
                "tests/contracts", "tests/order", "tests/end-to-end", "tests/eng", "tests/messaging", "tests/gateway", "tests/inventory",
                "tests/notification", "tests/persistence", "tests/service-defaults", "tests/set-based-savechanges",
            ],
            ["tests/faults"], // alone, because it needs the whole machine
        ]);

    /// <summary>Gets the forms in the order in which <c>all</c> runs them.</summary>
    public static IReadOnlyList<TestForm> All { get; } =
    [
        Fast,
        new("emulator", "The Dapr emulator, compared with recordings of Dapr.", [[EmulatorTests]], "-explicit", "on"),
        Explicit("scripts", "The command line and the READMEs in a fresh clone.", ["tests/eng", "tests/contracts"], "-maxThreads", "3"),
        Explicit("bench", "That the benchmark can measure. No figure is checked.", ["tests/eng"]),
        Explicit("observability", "The alert rules and the dashboard, with a real Prometheus.", ["tests/eng"], "-maxThreads", "1"),
        new(
            "dapr",
            "The whole system on Dapr with Kafka, Redis and RabbitMQ, and a short fault run. Skips what is not installed.",
            [
                [new("tests/faults", "kafka", "-class", "*SmokeTests")],
                [new("tests/faults", "rabbitmq", "-explicit", "only", "-class", "*LateSubscriberTests")],
                [new("tests/end-to-end", "kafka")],
                [new("tests/end-to-end", "redis")],
                [new("tests/end-to-end", "rabbitmq")],
            ]),
        Explicit("faults", "Dozens of faults under load.", ["tests/faults"]),
        Explicit("mutations", "Mistakes planted in the source. A fault run must detect each of them.", ["tests/faults"]),
    ];

    /// <summary>Gets the forms that <c>all</c> does not run, because they take too long for every change.</summary>
    public static IReadOnlyList<TestForm> Long { get; } =
    [
        ExplicitLong("lines", "Lines of the components, without which the brokers lose events. Needs Dapr.", ["tests/faults"]),
        ExplicitLong("fuzz", "100,000 random requests for each route and 100,000 mutated deliveries.", ["tests/end-to-end"]),
    ];

    private static TestForm Explicit(string name, string description, string[] folders, params string[] options) =>
        new(name, description, [[.. folders.Select(folder => new TestProject(folder))]], ["-explicit", "only", "-trait", $"Form={name}", .. options]);

    /// <summary>Creates a form that can run for hours. Its projects run one after the other, because they measure memory.</summary>
    private static TestForm ExplicitLong(string name, string description, string[] folders) => new(
        name, description, [.. folders.Select(folder => (TestProject[])[new(folder) { Timeout = TimeSpan.FromHours(6) }])], "-explicit", "only", "-trait", $"Form={name}", "-showLiveOutput");
}

/// <summary>A test project, and what it runs on.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="Broker">The broker, if the tests run on Dapr; null for the emulator.</param>
/// <param name="Options">Additional options of the xunit runner.</param>
internal sealed record TestProject(string Folder, string? Broker = null, params string[] Options)
{
    /// <summary>Gets the time after which the tests are stopped. The slowest project of the forms for every change builds a dozen clones.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(30);

    public static implicit operator TestProject(string folder) => new(folder);

    /// <summary>Returns why the project cannot run here; null if it can.</summary>
    public async Task<string?> ReasonToSkipAsync(CancellationToken cancellationToken)
    {
        if (Broker is null)
        {
            return null;
        }

        var dapr = DaprPrograms.Find();
        if (dapr is not { Cli: not null, HasRuntime: true })
        {
            return dapr.Cli is null ? "dapr is not on PATH" : $"{dapr.Runtime} is missing";
        }

        var running = DaprOrders.Stack.Broker.Read(Path.Combine(Repository.Root, "components", Broker, "pubsub.yaml"));
        return BrokerPrograms.Reason(Broker) is { } reason && !await running.RespondsAsync(cancellationToken)
            ? $"{reason}, and {running} does not respond"
            : null;
    }

    public override string ToString() => Broker is null ? Folder : $"{Folder} on {Broker}";
}
