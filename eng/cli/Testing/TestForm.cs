namespace DaprOrders.Cli.Testing;

/// <summary>A set of tests that run together.</summary>
/// <param name="Name">The name on the command line, and the value of the trait <c>Form</c> of its explicit tests.</param>
/// <param name="Steps">The folders of the test projects. Projects of one step run in parallel, the slowest first.</param>
/// <param name="Options">Options of the xunit runner.</param>
internal sealed record TestForm(string Name, string Description, IReadOnlyList<IReadOnlyList<string>> Steps, params string[] Options)
{
    public const string EmulatorTests = "eng/dapr-emulator/tests";

    public static readonly TestForm Fast = new(
        "fast",
        "The tests that every change must pass. The default.",
        [
            [
                "tests/contracts", "tests/order", "tests/end-to-end", "tests/eng", "tests/messaging", "tests/gateway", "tests/inventory",
                "tests/notification", "tests/persistence", "tests/service-defaults",
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
        Explicit("faults", "Dozens of faults under load.", ["tests/faults"]),
        Explicit("mutations", "Mistakes planted in the source. A fault run must detect each of them.", ["tests/faults"]),
    ];

    private static TestForm Explicit(string name, string description, string[] folders, params string[] options) =>
        new(name, description, [folders], ["-explicit", "only", "-trait", $"Form={name}", .. options]);
}
