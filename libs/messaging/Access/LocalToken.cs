using Microsoft.Extensions.Hosting;

namespace DaprOrders.Messaging;

/// <summary>
/// Reads the tokens that <c>./run.sh</c> created, in Development, for a service that is started in an IDE beside a sidecar of <c>./run.sh</c>.
/// </summary>
internal static class LocalToken
{
    private const string Folder = ".dapr-orders";

    /// <summary>Returns the content of the file in the nearest folder <c>.dapr-orders</c> around the service's folder; null if there is none.</summary>
    public static string? Read(IHostEnvironment environment, string file)
    {
        if (!environment.IsDevelopment())
        {
            return null;
        }

        for (var folder = new DirectoryInfo(environment.ContentRootPath); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, Folder, file);
            if (File.Exists(path))
            {
                return File.ReadAllText(path).Trim();
            }
        }

        return null;
    }
}
