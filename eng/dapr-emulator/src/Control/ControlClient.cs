using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace DaprOrders.DaprEmulator.Control;

/// <summary>Sends a control command to the run that uses a data folder.</summary>
internal static class ControlClient
{
    /// <returns>The exit status: 0, or 1 if there is no such run or it reports an error.</returns>
    public static async Task<int> SendAsync(string dataFolder, params IEnumerable<string> command)
    {
        try
        {
            var address = (await File.ReadAllTextAsync(DataFolder.AddressFileOf(dataFolder))).Split(' ');
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, int.Parse(address[0], CultureInfo.InvariantCulture));
            using var reader = new StreamReader(client.GetStream());
            await using var writer = new StreamWriter(client.GetStream());
            await writer.WriteLineAsync(string.Join(' ', command.Prepend(address[1])));
            await writer.FlushAsync();
            var response = await reader.ReadToEndAsync();
            var failed = response.StartsWith("error:", StringComparison.Ordinal);
            await (failed ? Console.Error.WriteLineAsync($"dapr-emulator: {response}") : Console.Out.WriteAsync(response));
            return failed ? 1 : 0;
        }
        catch (Exception failure) when (failure is IOException or SocketException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"dapr-emulator: no run uses the data folder {dataFolder}; start one, or check -f and --data");
            return 1;
        }
    }
}
