using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.RunFile;
using DaprOrders.DaprEmulator.Supervision;

namespace DaprOrders.DaprEmulator.Control;

/// <summary>Accepts control commands on a loopback port. A client needs the token from the address file in the data folder.</summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private readonly Supervisor _supervisor;
    private readonly Action _stop;
    private readonly string _token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _accepting;

    public ControlServer(DataFolder data, Supervisor supervisor, Action stop)
    {
        _supervisor = supervisor;
        _stop = stop;
        _listener.Start();
        WriteAddressFile(data.AddressFile, $"{((IPEndPoint)_listener.LocalEndpoint).Port} {_token}");
        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
    }

    // The file has the token, so only the user who started the run may read it.
    private static void WriteAddressFile(string file, string address)
    {
        File.Delete(file);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var stream = new FileStream(file, options);
        stream.Write(Encoding.ASCII.GetBytes(address));
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = HandleAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The run is stopping.
        }
    }

    private async Task HandleAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                using var reader = new StreamReader(client.GetStream());
                await using var writer = new StreamWriter(client.GetStream());
                var parts = (await reader.ReadLineAsync() ?? "").Split(' ');
                if (parts is [var token, .. var command] && token == _token)
                {
                    await writer.WriteAsync(await ExecuteAsync(command));
                }
            }
            catch (IOException)
            {
                // The client closed the connection before it read the response.
            }
        }
    }

    /// <summary>Executes a command and returns the text for the user. An error starts with "error:".</summary>
    private async Task<string> ExecuteAsync(string[] command)
    {
        try
        {
            switch (command)
            {
                case ["list"]:
                    return List();
                case ["stop"]:
                    _stop();
                    return "";
                case ["kill", var name]:
                    await Find(name).KillAppAsync();
                    return "";
                case ["kill", var name, "--sidecar"]:
                    await Find(name).KillSidecarAsync();
                    return "";
                case ["start", var name]:
                    await Find(name).StartAsync();
                    return "";
                case ["stop", var name]:
                    await Find(name).StopAsync();
                    return "";
                case ["broker", "suspend", .. var app]:
                    _supervisor.Broker.Suspend(AppOf(app));
                    return "";
                case ["broker", "resume", .. var app]:
                    _supervisor.Broker.Resume(AppOf(app));
                    return "";
                default:
                    return "error: unknown command";
            }
        }
        catch (RunFileException failure)
        {
            return $"error: {failure.Message}";
        }
    }

    /// <exception cref="RunFileException">There is no such app.</exception>
    private string AppOf(string[] app) => app is [] ? MessageBroker.AllApps : Find(app[0]).Spec.AppId;

    private AppInstance Find(string name) =>
        _supervisor.Instances.FirstOrDefault(instance => instance.Spec.Name == name || $"{instance.Spec.AppId}/{instance.Spec.Instance}" == name)
        ?? throw new RunFileException($"there is no app '{name}' in this run; its apps are {string.Join(", ", _supervisor.Instances.Select(app => app.Spec.Name))}");

    private string List()
    {
        var text = new StringBuilder();
        text.AppendLine("APP\tPORT\tHTTP\tGRPC\tPID\tSIDECAR");
        foreach (var instance in _supervisor.Instances)
        {
            var spec = instance.Spec;
            var state = instance.IsReady ? "ready" : instance.HasSidecar ? "waiting for the app" : "not running";
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{spec.Name}\t{spec.AppPort}\t{spec.HttpPort}\t{spec.GrpcPort}\t{instance.ProcessId?.ToString(CultureInfo.InvariantCulture) ?? "-"}\t{state}");
        }

        return text.ToString();
    }
}
