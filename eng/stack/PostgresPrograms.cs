using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.Stack;

/// <summary>Where the programs of PostgreSQL are on this machine.</summary>
public static partial class PostgresPrograms
{
    /// <summary>Tells what to do where PostgreSQL is not installed.</summary>
    public static readonly string Advice =
        OperatingSystem.IsMacOS() ? "PostgreSQL is not installed; install it with: brew install postgresql"
        : OperatingSystem.IsWindows() ? "PostgreSQL is not installed; install it with: winget install PostgreSQL.PostgreSQL"
        : "PostgreSQL is not installed; install it with: sudo apt-get install postgresql";

    private static readonly string[] Needed = ["initdb", "pg_ctl", "postgres"];

    /// <summary>Returns the folder of the newest PostgreSQL, or of the wanted major version; null if there is none.</summary>
    /// <param name="major">The major version that has written the data, for example 15.</param>
    public static string? Find(int? major = null) => Folders()
        .Where(folder => Array.TrueForAll(Needed, program => File.Exists(Path.Combine(folder, SearchPath.FileName(program)))))
        .Select(folder => (Folder: folder, Major: MajorOf(folder)))
        .Where(found => major is null || found.Major == major)
        .OrderByDescending(found => found.Major)
        .Select(found => found.Folder)
        .FirstOrDefault();

    private static IEnumerable<string> Folders()
    {
        string[] packages =
        [
            "/usr/lib/postgresql", // Debian
            "/opt/homebrew/opt", "/usr/local/opt", // Homebrew
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL"), // Windows
        ];
        return packages.Where(Directory.Exists).SelectMany(folder => Directory.GetDirectories(folder)).Select(folder => Path.Combine(folder, "bin"))
            .Append("/Applications/Postgres.app/Contents/Versions/latest/bin")
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
    }

    private static int MajorOf(string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(folder, SearchPath.FileName("postgres")), ["--version"]) { RedirectStandardOutput = true })!;
        var version = Number().Match(process.StandardOutput.ReadToEnd()).Value;
        return int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0;
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();
}
