using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DaprOrders.DaprEmulator.Control;

/// <summary>Sends a control command to the run that uses a data folder.</summary>
internal static class ControlClient
{
    /// <returns>The exit status: 1 when there is no such run or it refuses the command.</returns>
    public static async Task<int> SendAsync(string dataFolder, params IEnumerable<string> words)
    {
        try
        {
            var address = (await File.ReadAllTextAsync(DataFolder.AddressFileOf(dataFolder))).Split(' ');
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, int.Parse(address[0], CultureInfo.InvariantCulture));
            using var reader = new StreamReader(client.GetStream());
            await using var writer = new StreamWriter(client.GetStream());
            await writer.WriteLineAsync(string.Join(' ', words.Prepend(address[1])));
            await writer.FlushAsync();
            var answer = await reader.ReadToEndAsync();
            var failed = answer.StartsWith("error:", StringComparison.Ordinal);
            await (failed ? Console.Error.WriteLineAsync($"dapr-emulator: {answer}") : Console.Out.WriteAsync(answer));
            return failed ? 1 : 0;
        }
        catch (Exception failure) when (failure is IOException or SocketException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"dapr-emulator: no run uses the data folder {dataFolder}");
            return 1;
        }
    }
}
