using System.Security.Cryptography;

namespace DaprOrders.Stack;

/// <summary>
/// The tokens of a local system: one that sidecars send to their apps, and one for operators. They are created once for a folder, in files that only
/// this user can read.
/// </summary>
/// <param name="App">The value of APP_API_TOKEN, for the runtime and the services.</param>
/// <param name="Operator">The value of the setting Operator:Token, for the services.</param>
public sealed record LocalTokens(string App, string Operator)
{
    /// <summary>The file in the data folder with <see cref="App"/>.</summary>
    public const string AppFile = "app-api-token";

    /// <summary>The file in the data folder with <see cref="Operator"/>.</summary>
    public const string OperatorFile = "operator-token";

    private const int Bytes = 32;

    /// <summary>Gets the environment variables of the runtime, which its services inherit. The sidecar does not get variables of dapr.yaml.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["APP_API_TOKEN"] = App, ["Operator__Token"] = Operator };

    /// <summary>Reads the tokens of a folder, or creates them.</summary>
    public static LocalTokens In(string folder) => new(ReadOrCreate(Path.Combine(folder, AppFile)), ReadOrCreate(Path.Combine(folder, OperatorFile)));

    private static string ReadOrCreate(string file)
    {
        if (File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } existing)
        {
            return existing;
        }

        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));
        using var writer = new StreamWriter(file, options);
        writer.Write(token);
        return token;
    }
}
