namespace Orrery.Tests.Catalogue;

/// <summary>Documents that tests apply.</summary>
internal static class Documents
{
    public static string Model(string name, string id, string type = "chat", string? @namespace = null, string aliases = "[]") =>
        $"""
         apiVersion: orrery.dev/v1
         kind: Model
         metadata: {Metadata(name, @namespace)}
         spec:
           id: {id}
           modelType: {type}
           aliases: {aliases}
         """;

    public static string Provider(string name, string model, string? secret = null, string? @namespace = null, string endpoint = "http://127.0.0.1:9/v1") =>
        $"""
         apiVersion: orrery.dev/v1
         kind: ModelProvider
         metadata: {Metadata(name, @namespace)}
         spec:
           provider: vllm
           endpoint: {endpoint}
           models: [{Braced($"id: {model}")}]
         {(secret is null ? "" : $"  apiKeySecretRef: {Braced($"name: {secret}, key: token")}")}
         """;

    public static string Secret(string name, string value, string? @namespace = null) =>
        $"""
         apiVersion: orrery.dev/v1
         kind: Secret
         metadata: {Metadata(name, @namespace)}
         spec:
           data:
             token: "{value}"
         """;

    public static string Key(string name, string? sha256 = null, string role = "user", string? @namespace = null, bool disabled = false) =>
        $"""
         apiVersion: orrery.dev/v1
         kind: AccessKey
         metadata: {Metadata(name, @namespace)}
         spec:
           role: {role}
           disabled: {(disabled ? "true" : "false")}
         {(sha256 is null ? "" : $"  sha256: {sha256}")}
         """;

    public static string Many(params IEnumerable<string> documents) => string.Join("\n---\n", documents);

    private static string Metadata(string name, string? @namespace) => Braced(@namespace is null ? $"name: {name}" : $"name: {name}, namespace: {@namespace}");

    private static string Braced(string text) => "{ " + text + " }";
}
