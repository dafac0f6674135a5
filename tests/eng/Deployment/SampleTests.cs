using YamlDotNet.RepresentationModel;

namespace DaprOrders.Eng.Tests.Deployment;

public sealed class SampleTests
{
    [Fact]
    public void Run_file_of_the_sample_differs_from_dapr_yaml_in_one_entry()
    {
        var ours = Read("dapr.yaml", "./");
        var theirs = Read("samples/notification-node/dapr.yaml", "../../");

        Assert.Equal(ours.At("version"), theirs.At("version"));
        Assert.Equal(ours.At("common"), theirs.At("common"));
        var apps = ours.At("apps").Items().Zip(theirs.At("apps").Items()).ToList();
        Assert.Equal(Design.Apps.Length, apps.Count);
        Assert.Equal(["notification"], apps.Where(pair => !pair.First.Equals(pair.Second)).Select(pair => pair.Second.Text("appID")));
    }

    /// <summary>Reads a run file, and makes its paths relative to the root of the repository.</summary>
    private static YamlNode Read(string path, string root)
    {
        var text = DeploymentFiles.OfThisClone[path];
        foreach (var folder in (string[])["components", "services", "samples"])
        {
            text = text.Replace($"{root}{folder}/", $"{folder}/", StringComparison.Ordinal);
        }

        return Yaml.Parse(path, text)[0];
    }
}
