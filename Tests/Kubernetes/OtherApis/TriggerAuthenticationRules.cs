using static Orrery.Tests.Kubernetes.Shape;

namespace Orrery.Tests.Kubernetes;

/// <summary>TriggerAuthentication of KEDA. Of the secret stores only HashiCorp Vault has a table; the clouds' are refused, as the chart needs none.</summary>
internal static class TriggerAuthenticationRules
{
    private static readonly Shape Target = ListOf(Object(
        ("parameter*", NonEmpty()),
        ("name*", NonEmpty()),
        ("key*", NonEmpty())));

    public static OtherApi Api { get; } = new("keda.sh/v1alpha1", "TriggerAuthentication", Object(
        ("secretTargetRef", Target),
        ("configMapTargetRef", Target),
        ("env", ListOf(Object(
            ("parameter*", NonEmpty()),
            ("name*", NonEmpty()),
            ("containerName", Text)))),
        ("boundServiceAccountToken", ListOf(Object(
            ("parameter*", NonEmpty()),
            ("serviceAccountName*", NonEmpty())))),
        ("filePath", Text),
        ("podIdentity", Object(
            ("provider*", OneOf("azure-workload", "gcp", "aws", "aws-eks", "none")),
            ("identityId", Text),
            ("identityTenantId", Text),
            ("identityAuthorityHost", Text),
            ("identityOwner", OneOf("keda", "workload")),
            ("roleArn", Text),
            ("externalID", Text))),
        ("oauth2", Object(
            ("type*", OneOf("clientCredentials")),
            ("clientId*", Text),
            ("clientSecret", Object(("valueFrom*", Object(("secretKeyRef*", Object(("name*", Text), ("key*", Text))))))),
            ("scopes", ListOf(Text)),
            ("tokenUrl*", Text),
            ("tokenUrlParams", MapOf(Text)))),
        ("hashiCorpVault", Object(
            ("address*", Text),
            ("authentication*", OneOf("token", "kubernetes")),
            ("namespace", Text),
            ("role", Text),
            ("mount", Text),
            ("credential", Object(("token", Text), ("serviceAccount", Text), ("serviceAccountName", Text))),
            ("secrets*", ListOf(Object(
                ("parameter*", Text),
                ("key*", Text),
                ("path*", Text),
                ("type", OneOf("", "secretV2", "secret", "pki")),
                ("pkiData", MapOf(Text))), least: 1))))), Conditions);

    private static IEnumerable<Finding> Conditions(Document document) =>
        document["spec"].IsEmpty ? [document.Find(document["spec"], "at least one source of credentials")] : [];
}
