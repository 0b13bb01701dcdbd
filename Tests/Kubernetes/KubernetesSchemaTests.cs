using static Orrery.Tests.Kubernetes.Broken;

namespace Orrery.Tests.Kubernetes;

public sealed class KubernetesSchemaTests
{
    private const string Api = "Deployment/api";
    private const string Map = "ConfigMap/api-config";

    public static TheoryData<string, string, string, string> Fields => new(
        If("A field that does not exist is refused", Api, "imagePullPolicy:", "imagePullPolicies:", "containers[0].imagePullPolicies is \"IfNotPresent\"; expected a field that exists: args, command"),
        If("A field in the wrong case is named", Api, "mountPath: /tmp", "mountpath: /tmp", "expected the field mountPath; there is no mountpath"),
        If("A required field is missed", Api, "mountPath: /tmp", "readOnly: true", "volumeMounts[1].mountPath is absent; expected a value: the field is required"),
        If("A required object is missed", "Deployment/builder", "  template:", "  paused: true\n  x:", "spec.template is absent"),
        If("A kind of another version is unknown", "PodDisruptionBudget/api", "policy/v1", "policy/v1beta1", "apiVersion is \"policy/v1beta1\"; expected an API version of Kubernetes 1.32 that has the kind PodDisruptionBudget"),
        If("An unknown kind is unknown", Map, "kind: ConfigMap", "kind: ConfigMapp", "that has the kind ConfigMapp"),
        If("A status is the server's", Api, "spec:", "status: {}\nspec:", "status is {}; expected no status"),
        If("A key stands once", Api, "imagePullPolicy: IfNotPresent", "image: other", "containers[0].image is \"other\"; expected one entry of this name"),
        If("A null is refused", Api, "imagePullPolicy: IfNotPresent", "imagePullPolicy:", "imagePullPolicy is null; expected a value, or no such field"),
        If("An object is no list", Api, "securityContext:\n        runAsNonRoot: true", "securityContext:\n        - runAsNonRoot: true\n      dnsConfig:\n        options: []\n      x:\n        runAsNonRoot: true", "securityContext is a list of 1; expected an object"),
        If("A list is no object", Api, "args: [\"--limit=$(LIMIT)\", \"--url=$(URL)\"]", "args: {}", "args is {}; expected a list"));

    public static TheoryData<string, string, string, string> Values => new(
        If("A quoted number is no whole number", Api, "containerPort: 9090", "containerPort: '9090'", "containerPort is \"9090\"; expected a whole number from -2147483648 to 2147483647, without quotes"),
        If("A fraction is no whole number", Api, "runAsUser: 1654", "runAsUser: 1.5", "runAsUser is 1.5; expected a whole number"),
        If("A number has at most 32 bits where it says so", Api, "containerPort: 9090", "containerPort: 3000000000", "containerPort is 3000000000; expected a whole number"),
        If("A quoted word is no boolean", Api, "runAsNonRoot: true", "runAsNonRoot: 'true'", "runAsNonRoot is \"true\"; expected true or false, without quotes"),
        If("A number is no string", Api, "checksum/config: \"1a2b\"", "checksum/config: 12", "annotations.checksum/config is 12; expected a string; quote it"),
        If("An unquoted yes is no string", Map, "\"production\"", "yes", "data.MODE is true; expected a string; quote it"),
        If("An unquoted off is no string", Map, "\"production\"", "off", "data.MODE is false; expected a string"),
        If("An unquoted octal number is no string", Map, "\"production\"", "0755", "data.MODE is 0755; expected a string"),
        If("An unquoted exponent is no string", Map, "\"production\"", "1e3", "data.MODE is 1e3; expected a string"),
        If("A quantity has its own units", Api, "memory: 256Mi", "memory: 256MB", "limits.memory is \"256MB\"; expected a quantity, for example 500m or 2Gi"),
        If("A quantity has no blank", "PersistentVolumeClaim/api-spool", "storage: 1Gi", "storage: 1 Gi", "expected a quantity"),
        If("Bytes are base64", "Secret/api-secrets", "stringData:", "data:", "data.PASSWORD is \"pa$$word\"; expected base64"),
        If("A number or a string is no boolean", Api, "port: 8080 }", "port: true }", "httpGet.port is true; expected a whole number or a string"),
        If("A time is written as in RFC 3339", Map, "name: api-config", "name: api-config, creationTimestamp: yesterday", "creationTimestamp is \"yesterday\"; expected a time"),
        If("A closed set of values is closed", Api, "imagePullPolicy: IfNotPresent", "imagePullPolicy: ifNotPresent", "imagePullPolicy is \"ifNotPresent\"; expected one of Always, IfNotPresent, Never"),
        If("A probe's scheme is of a closed set", Api, "scheme: HTTP", "scheme: http", "scheme is \"http\"; expected one of HTTP, HTTPS"),
        If("A list of a closed set is closed", "NetworkPolicy/api", "[Ingress, Egress]", "[Ingress, egress]", "policyTypes[1] is \"egress\"; expected one of Ingress, Egress"));

    [Fact]
    public void Nothing_is_wrong_with_the_example() => Assert.Empty(Found(Example.Documents));

    [Theory]
    [MemberData(nameof(Fields))]
    [MemberData(nameof(Values))]
    public void One_change_brings_its_finding(string target, string from, string to, string finding) =>
        Assert.Contains(Found(Example.With(target, from, to)), found => found.Contains(finding, StringComparison.Ordinal));

    [Theory]
    [InlineData("storage: 1")]
    [InlineData("storage: 1.5")]
    [InlineData("storage: '1e3'")]
    [InlineData("storage: 1500m")]
    [InlineData("storage: .5Gi")]
    public void A_quantity_may_be_written_so(string storage) =>
        Assert.Empty(Found(Example.With("PersistentVolumeClaim/api-spool", "storage: 1Gi", storage)));

    [Fact]
    public void A_definition_that_contains_itself_is_read() => Assert.Empty(Found(Document.ParseAll("crd.yaml",
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: { name: models.orrery.dev }
        spec:
          group: orrery.dev
          scope: Namespaced
          names: { kind: Model, plural: models }
          versions:
            - name: v1
              served: true
              storage: true
              schema:
                openAPIV3Schema:
                  type: object
                  properties: { spec: { type: object, properties: { id: { type: string, default: 1 } } } }
        """)));

    [Fact]
    public void Each_closed_set_belongs_to_a_field_that_exists()
    {
        var schema = KubernetesSchema.Load();
        Assert.All(Enumerations.Fields, field => Assert.True(field.Split('.') is [var definition, var name] && schema.HasField(definition, name), field));
    }

    private static IReadOnlyList<string> Found(IReadOnlyList<Document> documents)
    {
        var schema = KubernetesSchema.Load();
        return [.. documents.Where(document => !OtherApiRules.Knows(document)).SelectMany(schema.Check).Select(finding => finding.ToString())];
    }
}
