using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests;

/// <summary>Checks that passwords and other secrets are only in the files for development on one machine.</summary>
public sealed class SecretsTests
{
    /// <summary>The files with passwords for development. The passwords in postgres/init.sql are the names of the roles.</summary>
    private static readonly string[] Allowed =
    [
        "dapr.yaml", "docker-compose.yml", "samples/notification-node/dapr.yaml", "services/inventory/Properties/launchSettings.json",
        "services/notification/Properties/launchSettings.json", "services/order/Properties/launchSettings.json",
        "rabbitmq/definitions.json", // the user guest of RabbitMQ, which it accepts from its own machine only
    ];

    private static readonly string[] Binary = [".png", ".jpg", ".ico", ".svg"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_files_for_development_contain_values_that_look_like_secrets()
    {
        var (exitCode, output) = await ProcessRunner.RunAsync(["git", "ls-files"], Repository.Root, null, null, Cancel);
        Assert.True(exitCode is 0, output);
        var files = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(path => !Binary.Contains(Path.GetExtension(path)) && File.Exists(Path.Combine(Repository.Root, path))).ToList();
        Assert.Contains("tests/eng/SecretsTests.cs", files);

        var found = new List<string>();
        foreach (var path in files)
        {
            found.AddRange(SecretScan.Find(path, await File.ReadAllTextAsync(Path.Combine(Repository.Root, path), Cancel)));
        }

        Assert.All(found, place => Assert.Contains(place.Split(':')[0], Allowed));
        Assert.Equal([], Allowed.Except(found.Select(place => place.Split(':')[0]))); // an entry that is not needed would hide a later secret
    }

    /// <summary>The planted lines have # instead of one character, so that the rule does not find them in this file.</summary>
    [Theory]
    [InlineData("a.cs", "var text = \"Host=db;Username=app;Passw#rd=hunter2\";")]
    [InlineData("a.cs", "    Passw#rd = \"hunter2\",")]
    [InlineData("a.cs", "    public string ApiT#ken { get; init; } = \"f3b1c9\";")]
    [InlineData("a.cs", "    [\"PGPASSW#RD\"] = \"hunter2\",")]
    [InlineData("a.cs", "Environment.GetEnvironmentVariable(\"DB_PASSW#RD\") ?? \"hunter2\"")]
    [InlineData("a.cs", "var json = \"{\\\"passw#rd\\\": \\\"hunter2\\\"}\";")]
    [InlineData("a.cs", "await ExecuteAsync(\"CREATE ROLE app LOGIN PASSW#RD 'hunter2'\");")]
    [InlineData("a.json", "  \"clientS#cret\": \"hunter2\",")]
    [InlineData("a.json", "  \"ConnectionStrings__Database\": \"Host=db;Passw#rd=hunter2;Port=5432\"")]
    [InlineData("a.yaml", "    POSTGRES_PASSW#RD: hunter2")]
    [InlineData("a.yaml", "    POSTGRES_PASSW#RD: ${POSTGRES_PASSW#RD:-hunter2}")]
    [InlineData("a.yaml", "  metadata: [{name: redisPassw#rd, value: hunter2}]")]
    [InlineData("a.yaml", "    value: amqp://app:hunter2#broker:5672")]
    [InlineData("a.sh", "export API_K#Y=f3b1c9")]
    [InlineData("a.sh", "PGPASSW#RD=hunter2 psql -f postgres/init.sql")]
    [InlineData("a.sh", "curl -H 'Authorization: Bear#r f3b1c9f3b1c9f3b1c9f3b1c9'")]
    [InlineData("a.md", "psql postgresql://postgres:hunter2#127.0.0.1:5433/orders_db")]
    [InlineData("a.pem", "-----BEGIN RSA PRIV#TE KEY-----")]
    [InlineData("a.cs", "var text = \"#yJhbGciOiJIUzI1NiJ9.#yJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJl\";")]
    public void Planted_secret_is_found(string path, string line)
    {
        var planted = "oOeEA@".Select(character => line.Replace('#', character));

        Assert.Contains(planted, text => SecretScan.Find(path, $"first line\n{text}\n").SequenceEqual([$"{path}:2"]));
    }

    [Theory]
    [InlineData("a.yaml", "  secretKeyRef: {name: redis, key: password}")]
    [InlineData("a.yaml", "    POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}")]
    [InlineData("a.md", "ConnectionStrings__Database: Host=127.0.0.1;Username=billing;Password=…")]
    [InlineData("a.md", "{\"redis\": {\"password\": \"…\"}}")]
    [InlineData("a.sh", "export APP_API_TOKEN=$(openssl rand -hex 32)")]
    [InlineData("a.sh", "curl -H \"Authorization: Bearer $(cat .dapr-orders/operator-token)\"")]
    [InlineData("a.cs", "Password = options.Password,")]
    [InlineData("a.cs", "$\"Username={role};Password={password}\"")]
    [InlineData("a.cs", "host.Environment[\"POSTGRES_PASSWORD\"] = \"wrong\";")]
    public void Placeholder_is_not_found(string path, string line) => Assert.Empty(SecretScan.Find(path, line));
}
