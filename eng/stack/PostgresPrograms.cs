using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.Stack;

/// <summary>Finds the programs of PostgreSQL on this machine.</summary>
public static partial class PostgresPrograms
{
    /// <summary>The error message if PostgreSQL is not installed, with the command that installs it.</summary>
    public static readonly string Advice =
        OperatingSystem.IsMacOS() ? "PostgreSQL is not installed; install it with: brew install postgresql"
        : OperatingSystem.IsWindows() ? "PostgreSQL is not installed; install it with: winget install PostgreSQL.PostgreSQL"
        : "PostgreSQL is not installed; install it with: sudo apt-get install postgresql";

    private static readonly string[] RequiredPrograms = ["initdb", "pg_ctl", "postgres"];

    /// <summary>Returns the folder of the newest version, or of the given major version; null if there is none.</summary>
    /// <param name="major">A major version, for example 15; null for the newest.</param>
    public static string? Find(int? major = null) => Folders()
        .Where(folder => Array.TrueForAll(RequiredPrograms, program => File.Exists(Path.Combine(folder, SearchPath.FileName(program)))))
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
