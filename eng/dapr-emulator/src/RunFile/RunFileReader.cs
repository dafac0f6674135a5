using System.Globalization;
using DaprOrders.DaprEmulator.Resources;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>Reads a run file like the Dapr CLI: keys are case-sensitive, unknown keys are ignored, and paths must exist.</summary>
internal sealed class RunFileReader
{
    private static readonly string[] PortKeys = ["appPort", "daprHTTPPort", "daprGRPCPort", "metricsPort", "daprInternalGRPCPort"];

    private readonly string _file;
    private readonly string _folder;
    private readonly FreePorts _ports = new();
    private readonly List<string> _warnings;

    private RunFileReader(string file, List<string> warnings)
    {
        _warnings = warnings;
        _file = file;
        _folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
    }

    /// <summary>Returns the path of the run file. For a folder, this is its <c>dapr.yaml</c>.</summary>
    public static string Locate(string path) => Directory.Exists(path) ? Path.Combine(path, "dapr.yaml") : path;

    /// <param name="warnings">Receives a message with file and line for each setting that the CLI ignores silently.</param>
    /// <exception cref="RunFileException">The file is missing or invalid, or it uses a feature that is not emulated.</exception>
    public static IReadOnlyList<AppSpec> Read(string path, List<string>? warnings = null)
    {
        var file = Locate(path);
        if (!File.Exists(file))
        {
            throw new RunFileException(
                $"Failed to get run file path: error getting file info for {path}: stat {path}: no such file or directory");
        }

        return new RunFileReader(file, warnings ?? []).ReadApps();
    }

    private List<AppSpec> ReadApps()
    {
        var root = Parse();
        if (root.Text("version") is not { } version || version == "0")
        {
            throw Error(root.LineOf("version"), "required field 'version' not found in the provided run template file");
        }

        var common = root.Map("common") ?? new YamlMap([], StringComparison.Ordinal);
        RunFileKeys.WarnAboutUnknownKeys(root, RunFileKeys.Top, Warn);
        RunFileKeys.WarnAboutUnknownKeys(common, RunFileKeys.Common, Warn);
        var entries = root.Maps("apps").ToList();
        if (entries.Count == 0)
        {
            throw new RunFileException($"No apps to run ({_file}:{root.LineOf("apps")})");
        }

        foreach (var port in entries.SelectMany(entry => PortKeys.Select(key => Port(entry, key))).OfType<int>())
        {
            _ports.Exclude(port);
        }

        var apps = new List<AppSpec>();
        foreach (var entry in entries)
        {
            RunFileKeys.WarnAboutUnknownKeys(entry, RunFileKeys.App, Warn);
            if (RunFileKeys.FindNotEmulated(entry, common) is var (line, key))
            {
                throw Error(line, $"{key} is not emulated: remove it or run the app on Dapr");
            }

            var app = ReadApp(entry, common);
            apps.Add(app with { Instance = apps.Count(other => other.AppId == app.AppId) + 1 });
        }

        return apps;
    }

    private YamlMap Parse()
    {
        try
        {
            var stream = new YamlStream();
            using var reader = File.OpenText(_file);
            stream.Load(reader);
            return stream.Documents is [{ RootNode: YamlMappingNode map }, ..]
                ? new YamlMap(map, StringComparison.Ordinal)
                : throw Error(1, "the run file is not a YAML mapping");
        }
        catch (YamlException broken)
        {
            throw Error((int)broken.Start.Line, broken.InnerException?.Message ?? broken.Message);
        }
    }

    private AppSpec ReadApp(YamlMap app, YamlMap common)
    {
        var directory = app.Text("appDirPath") is { } text
            ? ResolvePath(text, _folder, app.LineOf("appDirPath"), "appDirPath")
            : throw Error(app.Line, "required field 'appDirPath' not found in the provided run template file");

        return new AppSpec
        {
            AppId = app.Text("appID") ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(directory)),
            Location = $"{_file}:{app.Line}",
            Directory = directory,
            AppPort = Port(app, "appPort"),
            AppChannelAddress = app.Text("appChannelAddress") ?? "",
            HttpPort = Port(app, "daprHTTPPort") ?? _ports.Next(),
            GrpcPort = Port(app, "daprGRPCPort") ?? _ports.Next(),
            MetricsPort = Port(app, "metricsPort") ?? _ports.Next(),
            InternalPort = Port(app, "daprInternalGRPCPort") ?? _ports.Next(),
            Command = app.Texts("command"),
            Environment = Merge(common, app),
            ResourcesPaths = ResourcesPaths(app, common, directory),
            ConfigFile = ConfigFile(app, common, directory),
            MaxBodyBytes = Size(app, common, "maxBodySize") ?? 4 << 20,
            ReadBufferBytes = Size(app, common, "readBufferSize") ?? 4 << 10,
            AppLog = Destination(app, common, "appLogDestination", LogDestination.FileAndConsole),
            SidecarLog = Destination(app, common, "daprdLogDestination", LogDestination.File),
        };
    }

    private static Dictionary<string, string> Merge(YamlMap common, YamlMap app)
    {
        var environment = new Dictionary<string, string>(common.Pairs("env"));
        foreach (var (name, value) in app.Pairs("env"))
        {
            environment[name] = value;
        }

        return environment;
    }

    // The first place that has resources is used. Like the Dapr CLI, do not merge them.
    private List<string> ResourcesPaths(YamlMap app, YamlMap common, string directory)
    {
        if (ListedPaths(app, directory) is { Count: > 0 } appPaths)
        {
            return appPaths;
        }

        var inAppFolder = Path.Combine(directory, ".dapr", "resources");
        if (Directory.Exists(inAppFolder))
        {
            return [inAppFolder];
        }

        if (ListedPaths(common, _folder) is { Count: > 0 } commonPaths)
        {
            return commonPaths;
        }

        var inHome = InHome(".dapr/components");
        return Directory.Exists(inHome) ? [inHome] : [];
    }

    private List<string> ListedPaths(YamlMap map, string folder)
    {
        var paths = map.Texts("resourcesPaths")
            .Select(path => ResolvePath(path, folder, map.LineOf("resourcesPaths"), "resourcesPaths"))
            .ToList();
        if (map.Text("resourcesPath") is { } single)
        {
            paths.Add(ResolvePath(single, folder, map.LineOf("resourcesPath"), "resourcesPath"));
        }

        return paths;
    }

    private string? ConfigFile(YamlMap app, YamlMap common, string directory)
    {
        if (app.Text("configFilePath") is { } appPath)
        {
            return ResolvePath(appPath, directory, app.LineOf("configFilePath"), "configFilePath");
        }

        var inAppFolder = Path.Combine(directory, ".dapr", "config.yaml");
        if (File.Exists(inAppFolder))
        {
            return inAppFolder;
        }

        if (common.Text("configFilePath") is { } commonPath)
        {
            return ResolvePath(commonPath, _folder, common.LineOf("configFilePath"), "configFilePath");
        }

        var inHome = InHome(".dapr/config.yaml");
        return File.Exists(inHome) ? inHome : null;
    }

    private string ResolvePath(string path, string folder, int line, string key)
    {
        var full = path.StartsWith("~/", StringComparison.Ordinal) ? InHome(path[2..]) : Path.GetFullPath(path, folder);
        return File.Exists(full) || Directory.Exists(full)
            ? full
            : throw new RunFileException(
                $"Error getting apps from config file: error in getting the file info for {full}: stat {full}: no such file or directory"
                + $" ({key}, {_file}:{line})");
    }

    private static string InHome(string path) =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path);

    private int? Port(YamlMap app, string key) => app.Text(key) switch
    {
        null or "0" => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535 => port,
        var text => throw Error(app.LineOf(key), $"{key}: '{text}' is not a port"),
    };

    private int? Size(YamlMap app, YamlMap common, string key)
    {
        if ((app.Text(key) ?? common.Text(key)) is not { } text)
        {
            return null;
        }

        var digits = text.TrimEnd('K', 'M', 'G', 'i', 'k');
        int? factor = text[digits.Length..] switch
        {
            "" => 1,
            "k" or "K" => 1000,
            "Ki" => 1 << 10,
            "M" => 1_000_000,
            "Mi" => 1 << 20,
            _ => null,
        };
        return factor is { } multiplier && int.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number * multiplier
            : throw Error(app.LineOf(key), $"{key}: '{text}' is not a size such as 4Mi");
    }

    private LogDestination Destination(YamlMap app, YamlMap common, string key, LogDestination defaultValue) =>
        (app.Text(key) ?? common.Text(key)) switch
        {
            null => defaultValue,
            "file" => LogDestination.File,
            "console" => LogDestination.Console,
            "fileAndConsole" => LogDestination.FileAndConsole,
            var text => throw Error(app.LineOf(key), $"{key}: '{text}' is invalid: use file, console or fileAndConsole"),
        };

    private void Warn(int line, string text) => _warnings.Add($"{_file}:{line}: {text}");

    private RunFileException Error(int line, string message) => new($"{_file}:{line}: {message}");
}
