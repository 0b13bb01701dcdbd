namespace Orrery.Tests.Hosting.Publishing;

public sealed class ManifestRulesTests
{
    private const string Good =
        """
        { "resources": {
            "key": { "type": "parameter.v0", "value": "{key.inputs.value}", "inputs": { "value": { "type": "string", "secret": true, "default": { "generate": { "minLength": 22 } } } } },
            "db": { "type": "container.v0", "connectionString": "Host={db.bindings.tcp.host};Password={key.value}", "image": "db:1",
                    "volumes": [ { "name": "data", "target": "/data", "readOnly": false } ], "env": { "KEY": "{key.value}" },
                    "bindings": { "tcp": { "scheme": "tcp", "protocol": "tcp", "transport": "tcp", "targetPort": 5432 } } },
            "api": { "type": "project.v0", "path": "Api/Api.csproj", "env": { "ConnectionStrings__db": "{db.connectionString}" } } } }
        """;

    [Fact]
    public void A_good_manifest_passes() => Assert.Empty(ManifestRules.Findings(Good));

    [Theory]
    [InlineData("\"project.v0\"", "\"project.v9\"", "api.type is \"project.v9\"")]
    [InlineData("\"path\": \"Api/Api.csproj\"", "\"folder\": \"Api\"", "api.path is absent")]
    [InlineData("\"path\": \"Api/Api.csproj\"", "\"path\": \"x\", \"image\": \"y\"", "api.image is not allowed")]
    [InlineData("{db.connectionString}", "{db.url}", "api.env.ConnectionStrings__db refers to {db.url}, which does not exist")]
    [InlineData("{db.bindings.tcp.host}", "{db.bindings.http.host}", "db.connectionString refers to {db.bindings.http.host}, which does not exist")]
    [InlineData("\"KEY\": \"{key.value}\"", "\"KEY\": \"{other.value}\"", "db.env.KEY refers to {other.value}, which does not exist")]
    [InlineData("\"protocol\": \"tcp\"", "\"protocol\": \"sctp\"", "db.bindings.tcp.protocol is \"sctp\"; expected tcp or udp")]
    [InlineData("\"targetPort\": 5432", "\"targetPort\": 0", "db.bindings.tcp.targetPort is 0; expected 1 to 65535")]
    [InlineData("\"readOnly\": false", "\"mode\": \"rw\"", "db.volumes.readOnly is absent")]
    [InlineData("{ \"generate\": { \"minLength\": 22 } }", "{ \"value\": \"hunter2\" }", "key.inputs.value is a secret and has a value")]
    [InlineData("\"minLength\"", "\"length\"", "key.inputs.value.default.generate.length is not allowed")]
    public void A_bad_one_is_refused_by_path(string good, string bad, string finding) =>
        Assert.Contains(ManifestRules.Findings(Good.Replace(good, bad, StringComparison.Ordinal)), one => one.StartsWith(finding, StringComparison.Ordinal));
}
