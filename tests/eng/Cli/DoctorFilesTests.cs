namespace DaprOrders.Eng.Tests.Cli;

/// <summary>Runs the command <c>doctor</c> in a clone with invalid files.</summary>
[Trait("Form", "scripts")]
public sealed class DoctorFilesTests
{
    [Theory(Explicit = true)]
    [InlineData("dapr.yaml", "apps:", "apps: [", "Run file: {clone}/dapr.yaml:", "dapr.yaml")]
    [InlineData("dapr.yaml", "appPort: ", "appPort: x", "Run file: {clone}/dapr.yaml: appPort of app gateway is 'x", "dapr.yaml")]
    [InlineData(
        "dapr.yaml", "appID: order", "appID: orders",
        "Run file: dapr.yaml names the app orders, which is not one of gateway, order, ", "dapr.yaml")]
    [InlineData("dapr.yaml", "./services/order", "./services/none", "Run file: dapr.yaml names services/none, which has no project", "services/none")]
    [InlineData("dapr.yaml", "daprGRPCPort: ", "daprGRPCPort: 4 #", "Run file: dapr.yaml names port 4 more than once", "dapr.yaml")]
    [InlineData("dapr.yaml", "ConnectionStrings__Database", "Database", "Run file: dapr.yaml names no database", "dapr.yaml")]
    [InlineData(
        "dapr.yaml", "common/config.yaml", "common/none.yaml",
        "Run file: dapr.yaml names components/common/none.yaml, which is missing", "components/common/none.yaml")]
    [InlineData(
        "dapr.yaml", "./components/kafka]", "./components/none]",
        "Components: dapr.yaml names components/none, which is missing", "components/none")]
    [InlineData(
        "dapr.yaml", "./components/kafka]", "./components/redis, ./components/kafka]",
        "Components: resourcesPaths of dapr.yaml must contain the component of one broker; found: components/redis/pubsub.yaml, components/kafka/pubsub.yaml",
        "dapr.yaml components")]
    [InlineData(
        "dapr.yaml", ", ./components/kafka]", "]",
        "Components: resourcesPaths of dapr.yaml must contain the component of one broker; found: none", "dapr.yaml components")]
    [InlineData(
        "dapr.yaml", "./components/common, ./components/kafka]", "./components/kafka, ./components/common]",
        "Components: components/kafka/pubsub.yaml must be components/common/pubsub.yaml, in the last folder of resourcesPaths", "dapr.yaml")]
    [InlineData(
        "components/kafka/pubsub.yaml", "metadata:", "metadata: [",
        "Components: {clone}/components/kafka/pubsub.yaml: this is not valid YAML", "components/kafka/pubsub.yaml")]
    [InlineData(
        "components/kafka/pubsub.yaml", "kind: Component", "kind: \"\"",
        "Components: resourcesPaths of dapr.yaml must contain the component of one broker; found: none", "dapr.yaml components")]
    [InlineData(
        "components/kafka/pubsub.yaml", "- name: brokers", "- name: other",
        "Components: {clone}/components/kafka/pubsub.yaml: the address of kafka is missing", "components/kafka/pubsub.yaml")]
    [InlineData(
        "components/kafka/pubsub.yaml", "order=order.created", "orders=order.created",
        "Components: components/kafka/pubsub.yaml names the app orders, which does not exist", "components/kafka/pubsub.yaml")]
    [InlineData(
        "components/common/resiliency.yaml", "      pubsub:", "      queue:",
        "Components: components/common/resiliency.yaml names the component queue, which does not exist", "components/common/resiliency.yaml")]
    [InlineData(
        "components/common/config.yaml", "name: dapr-orders", "label: dapr-orders",
        "Components: components/common/config.yaml needs kind and metadata.name", "components/common/config.yaml")]
    public async Task Broken_file_is_reported_with_the_command_that_restores_it(
        string file, string text, string replacement, string expected, string restored)
    {
        await using var machine = await Doctor.MachineAsync();
        await machine.Clone.ReplaceAsync(file, text, replacement);

        var (exitCode, lines) = await Doctor.RunAsync(machine);

        Assert.Equal(1, exitCode);
        var beginning = $"FAIL {expected.Replace("{clone}", machine.Clone.Folder, StringComparison.Ordinal)}";
        var line = Assert.Single(lines, line => line.StartsWith(beginning, StringComparison.Ordinal));
        Assert.EndsWith($"; fix it, or restore the committed version with: git restore {restored}", line, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public async Task Component_with_another_name_than_the_services_use_is_reported()
    {
        await using var machine = await Doctor.MachineAsync();
        await machine.Clone.ReplaceAsync("components/kafka/pubsub.yaml", "name: pubsub", "name: queue");
        await machine.Clone.ReplaceAsync("components/common/resiliency.yaml", "      pubsub:", "      queue:");

        await Doctor.FailsAsync(machine, "Components: components/kafka/pubsub.yaml names the component 'queue', but the services use 'pubsub'; ");
    }

    [Fact(Explicit = true)]
    public async Task Missing_run_file_is_reported_with_the_command_that_restores_it()
    {
        await using var machine = await Doctor.MachineAsync();
        File.Delete(Path.Combine(machine.Clone.Folder, "dapr.yaml"));

        var line = await Doctor.FailsAsync(machine, $"Run file: {machine.Clone.Folder}/dapr.yaml cannot be read: ");
        Assert.EndsWith("git restore dapr.yaml", line, StringComparison.Ordinal);
    }

    [Theory(Explicit = true)]
    [InlineData(null, true)]
    [InlineData("1", false)]
    public async Task Terminal_of_60_columns_shows_colors_and_whole_lines(string? noColor, bool showsColors)
    {
        await using var machine = await Doctor.MachineAsync();
        machine.Clone.Environment["NO_COLOR"] = noColor;
        var command = $"stty cols 60; TERM=xterm-256color dotnet '{Doctor.Command(machine.Clone.Folder)[1]}' doctor";
        foreach (var program in (string[])["script", "stty"])
        {
            machine.Install(program, $"exec /usr/bin/{program} \"$@\"");
        }

        var (exitCode, output) = await machine.Clone.RunToEndAsync("script", "-qec", command, "/dev/null");

        Assert.Equal(0, exitCode);
        Assert.True(showsColors == output.Contains("\e[38;5;", StringComparison.Ordinal), output);
        Assert.Contains("install.sh | bash && dapr init --slim\r\n", output, StringComparison.Ordinal);
        Assert.Contains(" Dapr: not installed: the emulator is used; install Dapr with: curl -fsSL https://raw", output, StringComparison.Ordinal);
    }
}
