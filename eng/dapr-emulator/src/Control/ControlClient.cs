using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DaprOrders.DaprEmulator.Control;

/// <summary>Sends a control command to the run whose data folder it is.</summary>
internal static class ControlClient
{
    /// <returns>The exit status: 1 when there is no such run or it refused.</returns>
    public static async Task<int> SendAsync(CommandLine command)
    {
        try
        {
            var address = (await File.ReadAllTextAsync(DataFolder.AddressFileOf(command.DataFolder))).Split(' ');
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, int.Parse(address[0], CultureInfo.InvariantCulture));
            using var reader = new StreamReader(client.GetStream());
            await using var writer = new StreamWriter(client.GetStream());
            await writer.WriteLineAsync(string.Join(' ', Words(address[1], command)));
            await writer.FlushAsync();
            var answer = await reader.ReadToEndAsync();
            var failed = answer.StartsWith("error:", StringComparison.Ordinal);
            await (failed ? Console.Error.WriteLineAsync($"dapr-emulator: {answer}") : Console.Out.WriteAsync(answer));
            return failed ? 1 : 0;
        }
        catch (Exception failure) when (failure is IOException or SocketException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"dapr-emulator: nothing runs with the data folder {command.DataFolder}");
            return 1;
        }
    }

    private static IEnumerable<string> Words(string token, CommandLine command)
    {
        yield return token;
        yield return command.Verb;
        if (command.App is not null)
        {
            yield return command.App;
        }

        if (command.Sidecar)
        {
            yield return "--sidecar";
        }
    }
}
