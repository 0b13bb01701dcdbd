namespace Orrery.Tests.Hosting.Publishing;

/// <summary>The rules refuse what they are there to refuse.</summary>
public sealed class ManifestRulesTests
{
    private const string Key = """ "key": { "type": "parameter.v0", "value": "{key.inputs.value}", "inputs": { "value": { "type": "string", "secret": true } } } """;

    [Fact]
    public void A_good_manifest_passes() => Assert.Empty(ManifestRules.Faults(
        $$$"""
        { "resources": {
            {{{Key}}},
            "api": {
              "type": "project.v0", "path": "Api/Api.csproj", "args": ["{key.value}"], "env": { "A": "{**rest}", "a": "{api.bindings.http.url}" },
              "bindings": { "http": { "scheme": "http", "protocol": "tcp", "transport": "http2", "port": 80, "targetPort": 8080, "external": true } }
            },
            "box": {
              "type": "container.v0", "image": "a:1", "connectionString": "{box.bindings.x.host}",
              "volumes": [{ "name": "v", "target": "/v", "readOnly": false }], "bindMounts": [{ "source": "../a", "target": "/a", "readOnly": true }],
              "bindings": { "x": { "scheme": "x", "protocol": "udp", "transport": "tcp" } }
            },
            "db": { "type": "value.v0", "connectionString": "{box.connectionString}" },
            "tool": { "type": "executable.v0", "workingDirectory": ".", "command": "x" },
            "key-uri-encoded": { "type": "annotated.string", "value": "{key.value}", "filter": "uri" }
        } }
        """));

    [Theory]
    [InlineData("""{}""", "lacks resources")]
    [InlineData("""{ "resources": {}, "$schema": "x" }""", "has $schema, which does not belong there")]
    [InlineData("""{ "resources": { "9": { "type": "value.v0", "connectionString": "" } } }""", "9 is no name of a resource")]
    [InlineData("""{ "resources": { "a": { "error": "x" } } }""", "a has no type")]
    [InlineData("""{ "resources": { "a": { "type": "container.v1", "image": "x" } } }""", "a has the type container.v1, which the bundled host does not write")]
    [InlineData("""{ "resources": { "a": { "type": "container.v0" } } }""", "a lacks image")]
    [InlineData("""{ "resources": { "a": { "type": "container.v0", "image": null } } }""", "a.image is no string")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "x", "image": "x" } } }""", "a has image, which does not belong there")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "/x" } } }""", "a.path is no relative path with slashes")]
    [InlineData("""{ "resources": { "a": { "type": "executable.v0", "command": "x" } } }""", "a lacks workingDirectory")]
    [InlineData("""{ "resources": { "a": { "type": "executable.v0", "command": "x", "workingDirectory": ".", "connectionString": "" } } }""", "a has connectionString, which does not belong there")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "x", "args": "x" } } }""", "a.args is no array")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "x", "env": { "A": 1 } } } }""", "a.env.A is no string")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "x", "env": { "A": "", "A": "" } } } }""", "a.env has A twice")]
    [InlineData("""{ "resources": { "a": { "type": "value.v0", "connectionString": "" }, "A": { "type": "value.v0", "connectionString": "" } } }""", "resources has a twice")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "x", "bindings": { "h": { "scheme": "http", "protocol": "tcp" } } } } }""", "a.bindings.h lacks transport")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "x", "bindings": { "h": { "scheme": "http", "protocol": "tcp", "transport": "udp" } } } } }""", "a.bindings.h.transport is not http or http2 or tcp")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "x", "bindings": { "h": { "scheme": "http", "protocol": "TCP", "transport": "tcp" } } } } }""", "a.bindings.h.protocol is not tcp or udp")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "x", "bindings": { "h": { "scheme": "http", "protocol": "tcp", "transport": "tcp", "port": 0 } } } } }""", "a.bindings.h.port is no port")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "x", "bindings": { "h": { "scheme": "http", "protocol": "tcp", "transport": "tcp", "name": "h" } } } } }""", "a.bindings.h has name, which does not belong there")]
    [InlineData("""{ "resources": { "a": { "type": "container.v0", "image": "x", "volumes": [{ "target": "/v", "readOnly": false }] } } }""", "a.volumes[0] lacks name")]
    [InlineData("""{ "resources": { "a": { "type": "container.v0", "image": "x", "bindMounts": [{ "source": "/etc", "target": "/v", "readOnly": false }] } } }""", "a.bindMounts[0].source is no relative path with slashes")]
    [InlineData("""{ "resources": { "a": { "type": "parameter.v0", "value": "{a.inputs.value}", "inputs": { "value": { "type": "number" } } } } }""", "a.inputs.value.type is not string")]
    [InlineData("""{ "resources": { "a": { "type": "parameter.v0", "value": "", "inputs": { "value": { "type": "string", "secret": true, "default": { "value": "s" } } } } } }""", "a.inputs.value.default gives a secret away")]
    [InlineData("""{ "resources": { "a": { "type": "parameter.v0", "value": "", "inputs": { "value": { "type": "string", "default": { "generate": {} } } } } } }""", "a.inputs.value.default.generate lacks minLength")]
    [InlineData("""{ "resources": { "a": { "type": "parameter.v0", "value": "", "inputs": { "value": { "type": "string", "default": { "generate": { "minLength": 1, "special": 0 } } } } } } }""", "a.inputs.value.default.generate.special is neither true nor false")]
    [InlineData("""{ "resources": { "a": { "type": "value.v0", "connectionString": "{b.value}" } } }""", "a.connectionString refers to {b.value}, which does not exist")]
    [InlineData("""{ "resources": { "a": { "type": "value.v0", "connectionString": "x{a.value}" } } }""", "a.connectionString refers to {a.value}, which does not exist")]
    [InlineData("""{ "resources": { "a": { "type": "project.v0", "path": "x", "args": ["{a.bindings.h.url}"] } } }""", "a.args refers to {a.bindings.h.url}, which does not exist")]
    [InlineData("""{ "resources": { "a": { "type": "parameter.v0", "value": "{a.inputs.password}", "inputs": { "value": { "type": "string" } } } } }""", "a.value refers to {a.inputs.password}, which does not exist")]
    public void A_bad_manifest_is_refused(string manifest, string fault) => Assert.Contains(fault, ManifestRules.Faults(manifest));
}
