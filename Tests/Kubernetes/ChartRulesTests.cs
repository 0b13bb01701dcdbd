using static Orrery.Tests.Kubernetes.Broken;

namespace Orrery.Tests.Kubernetes;

public sealed class ChartRulesTests
{
    private const string Api = "Deployment/api";
    private const string Store = "StatefulSet/store";
    private const string Builder = "Deployment/builder";
    private const string Policy = "NetworkPolicy/api";

    public static TheoryData<string, string, string, string> Names => new(
        If("A Service's name begins with a letter", "Service/api", "name: api", "name: 1api", "metadata.name is \"1api\"; expected a DNS label that begins with a letter"),
        If("A Service's name has at most 63 characters", "Service/api", "name: api", $"name: {new string('a', 64)}", "at most 63 characters"),
        If("A StatefulSet's name leaves room for its pods' labels", Store, "name: store", $"name: {new string('s', 53)}", "at most 52 characters"),
        If("A name has no capitals", "ConfigMap/api-config", "name: api-config", "name: Api-Config", "expected a DNS subdomain"),
        If("A name is required", "ConfigMap/api-config", "name: api-config", "labels: {}", "metadata.name is absent"),
        If("A role's name has no slash", "Role/builder", "name: builder", "name: build/er", "without /"),
        If("A label's key is a qualified name", Api, "app.kubernetes.io/name: shop", "'app name': shop", "expected a key of letters"),
        If("A label's value has no blanks", Api, "app.kubernetes.io/name: shop", "app.kubernetes.io/name: 'a shop'", "a label's value"),
        If("A pod's labels are checked too", Api, "      labels: { app.kubernetes.io/name: shop", "      labels: { app.kubernetes.io/name: '-'", "spec.template.metadata.labels.app.kubernetes.io/name is \"-\""),
        If("An annotation's key is a qualified name", Api, "checksum/config", "checksum/con/fig", "instead of checksum/con/fig"),
        If("No two objects of a kind share a name", "Service/store", "name: store", "name: api", "a name that no other Service has"),
        If("The release's namespace may be written or not", "Service/store", "name: store", "name: api, namespace: orrery", "a name that no other Service has"));

    public static TheoryData<string, string, string, string> Workloads => new(
        If("A selector is not empty", Builder, "{ matchLabels: { app.kubernetes.io/component: builder } }", "{}", "spec.selector is {}; expected a selector that is not empty"),
        If("A selector matches the pods' labels", Api, "matchLabels: { app.kubernetes.io/component: api }", "matchLabels: { app.kubernetes.io/component: other }", "that the pod template's labels match"),
        If("matchExpressions count", Store, "operator: In", "operator: NotIn", "that the pod template's labels match"),
        If("A selector leaves the pods of others alone", Builder, "labels: { app.kubernetes.io/component: builder }", "labels: { app.kubernetes.io/component: api }", "does not match the pods of Deployment/builder too"),
        If("Recreate carries no rollingUpdate", Api, "type: Recreate", "type: Recreate, rollingUpdate: { maxSurge: 1 }", "spec.strategy.rollingUpdate is an object with maxSurge; expected no rollingUpdate beside the type Recreate"),
        If("A rolling update can move", Api, "type: Recreate", "type: RollingUpdate, rollingUpdate: { maxSurge: 0, maxUnavailable: 0% }", "maxSurge or maxUnavailable above zero"),
        If("A StatefulSet's Service exists", Store, "serviceName: store", "serviceName: shop", "spec.serviceName is \"shop\"; expected the name of a Service"),
        If("A StatefulSet names its Service", Store, "serviceName: store", "minReadySeconds: 0", "spec.serviceName is absent"),
        If("A Deployment's pods restart always", Builder, "serviceAccountName", "restartPolicy: Never\n      serviceAccountName", "expected Always"),
        If("A job's pods do not", "Job/migrate", "restartPolicy: Never", "restartPolicy: Always", "Never or OnFailure"));

    public static TheoryData<string, string, string, string> Containers => new(
        If("A container's name is a label", Api, "- name: api\n", "- name: Api\n", "containers[0].name is \"Api\""),
        If("A container's name is its own", Builder, "containers:\n", "initContainers: [{ name: builder, image: a }]\n      containers:\n", "no other container of this pod has"),
        If("A container has an image", Api, "image: registry.example/api:1.0", "image: 'registry.example/api:'", "expected an image"),
        If("A port's name has at most 15 characters", Api, "name: metrics, containerPort", "name: metrics-for-all-of-us, containerPort", "at most 15 characters"),
        If("A port's name has a letter", Api, "name: metrics, containerPort", "name: '9090', containerPort", "one letter among them"),
        If("A port's number is a port's", Api, "containerPort: 9090", "containerPort: 70000", "expected a port from 1 to 65535"),
        If("A port's name is its own", Api, "name: metrics, containerPort", "name: http, containerPort", "a name that no other port of this pod has"),
        If("A port's number is its own", Api, "containerPort: 9090", "containerPort: 8080", "a port that no other entry of this pod has"),
        If("A mount's volume is declared", Api, "name: spool, mountPath", "name: pool, mountPath", "volumeMounts[0].name is \"pool\"; expected a volume of this pod: spool, temporary, config"),
        If("A claim template is a volume", Store, "- metadata: { name: data }", "- metadata: { name: other }", "expected a volume of this pod: other"),
        If("Nothing is mounted at one path twice", Api, "mountPath: /tmp", "mountPath: /spool/", "a path at which nothing else is mounted"),
        If("A mount's path is absolute", Api, "mountPath: /tmp", "mountPath: tmp", "an absolute path"),
        If("A volume's name is its own", Api, "name: temporary, emptyDir", "name: spool, emptyDir", "no other volume of this pod has"),
        If("A volume has one source", Api, "emptyDir: {}", "emptyDir: {}, secret: { secretName: api-secrets }", "exactly one source"),
        If("A volume has a source at all", Api, "name: temporary, emptyDir: {}", "name: temporary", "exactly one source"));

    public static TheoryData<string, string, string, string> Probes => new(
        If("A probe's scheme is written in capitals", Api, "scheme: HTTP", "scheme: http", "startupProbe.httpGet.scheme is \"http\"; expected HTTP or HTTPS, in capitals"),
        If("A probe's port exists by its name", Api, "port: http, scheme", "port: https, scheme", "the name of a port of this container"),
        If("A quoted number is no port", Api, "port: 8080 }", "port: '8080' }", "the name of a port of this container"),
        If("A probe's path begins with a slash", Api, "path: /health/ready", "path: health/ready", "a path that begins with /"),
        If("A probe has one handler, not two", Api, "livenessProbe: { httpGet", "livenessProbe: { tcpSocket: { port: http }, httpGet", "exactly one handler (exec, grpc, httpGet, sleep, tcpSocket), not 2"),
        If("A probe has one handler, not none", Store, "livenessProbe: { tcpSocket: { port: redis } }", "livenessProbe: { periodSeconds: 5 }", "not 0"),
        If("A liveness probe succeeds at once", Api, "livenessProbe: { httpGet", "livenessProbe: { successThreshold: 2, httpGet", "expected 1, as for every probe but the readiness probe"),
        If("A probe's period is above zero", Api, "livenessProbe: { httpGet", "livenessProbe: { periodSeconds: 0, httpGet", "a number above zero"),
        If("A container has a startup probe", Store, "startupProbe: { tcpSocket: { port: redis } }", "tty: false", "startupProbe is absent; expected a probe"),
        If("A container has a liveness probe", Store, "livenessProbe: { tcpSocket: { port: redis } }", "tty: false", "livenessProbe is absent"),
        If("A container has a readiness probe", Store, "readinessProbe: { exec: { command: [redis-cli, ping] } }", "tty: false", "readinessProbe is absent"));

    public static TheoryData<string, string, string, string> Environment => new(
        If("A variable's name begins with no digit", Api, "name: HOST, value", "name: 1HOST, value", "a variable's name"),
        If("A variable is there once", Api, "- name: LEVEL", "- name: HOST", "no other entry of env has"),
        If("A variable has one source", Api, "valueFrom: { secretKeyRef", "value: ''\n              valueFrom: { secretKeyRef", "value or valueFrom, not both"),
        If("A reference needs a variable that is defined before", Api, "value: \"store\"", "value: \"$(URL)\"", "env[0].value is \"$(URL)\"; expected a variable URL that is defined before this one"),
        If("A reference in an argument needs a variable", Api, "--limit=$(LIMIT)", "--limit=$(LIMITS)", "a variable LIMITS in this container's environment"),
        If("A shell's capitals are no command", Store, "$(date)", "$(DATE)", "a variable DATE"),
        If("What envFrom brings is not expanded", "ConfigMap/api-config", "\"production\"", "\"$(HOST)\"", "expected no $(HOST): Kubernetes expands it in env and args, not in what envFrom brings"),
        If("A key that becomes a variable can be one", "ConfigMap/api-config", "LIMIT: \"5\"", "LIMIT: \"5\"\n  5LIMIT: \"5\"", "a key that can name a variable"),
        If("A key has no blanks", "ConfigMap/api-config", "MODE:", "'THE MODE':", "a key of letters, digits"),
        If("A ConfigMap's values are strings", "ConfigMap/api-config", "\"5\"", "5", "data.LIMIT is 5; expected a string; quote it"),
        If("A Secret's values are strings", "Secret/api-secrets", "\"pa$$word\"", "yes", "stringData.PASSWORD is true; expected a string; quote it"));

    public static TheoryData<string, string, string, string> References => new(
        If("A referenced ConfigMap exists", Api, "- configMapRef: { name: api-config }", "- configMapRef: { name: config }", "envFrom[0].configMapRef.name is \"config\"; expected a ConfigMap of this chart"),
        If("A referenced Secret exists", Api, "secretKeyRef: { name: api-secrets", "secretKeyRef: { name: secrets", "expected a Secret of this chart"),
        If("A referenced key exists", Api, "name: api-secrets, key: PASSWORD", "name: api-secrets, key: PASS", "key is \"PASS\"; expected a key of Secret/api-secrets: PASSWORD"),
        If("A projected key exists", Api, "items: [{ key: MODE", "items: [{ key: NODE", "expected a key of ConfigMap/api-config: MODE, LIMIT"),
        If("A claim exists", Api, "claimName: api-spool", "claimName: spool", "expected a PersistentVolumeClaim of this chart"),
        If("A pull secret exists or is named as external", Api, "{ name: registry }", "{ name: other-registry }", "expected a Secret of this chart or of those named as external"),
        If("A service account exists", Api, "serviceAccountName: api", "serviceAccountName: apis", "expected a ServiceAccount of this chart"),
        If("A bound role exists", "RoleBinding/builder", "kind: Role,", "kind: ClusterRole,", "expected a ClusterRole of this chart"),
        If("A bound account exists", "RoleBinding/builder", "ServiceAccount, name: builder", "ServiceAccount, name: build", "expected a ServiceAccount of this chart"),
        If("An account without a role gives its pods no token", Store, "automountServiceAccountToken: false", "hostUsers: true", "automountServiceAccountToken is absent; expected false: no role is bound to the service account default"),
        If("A pod can undo what its account says", Api, "serviceAccountName: api", "serviceAccountName: api\n      automountServiceAccountToken: true", "automountServiceAccountToken is true"),
        If("Another account's role is none of a pod's", Builder, "serviceAccountName: builder", "serviceAccountName: default", "no role is bound to the service account default"));

    public static TheoryData<string, string, string, string> Traffic => new(
        If("A Service selects something", "Service/api", "selector: { app.kubernetes.io/component: api }", "selector: { app.kubernetes.io/component: apis }", "none has them"),
        If("A Service selects one workload only", "Service/api", "selector: { app.kubernetes.io/component: api }", "selector: {}", "expected labels that the pods of one workload have"),
        If("A Service's target exists by its name", "Service/api", "targetPort: http", "targetPort: web", "ports[0].targetPort is \"web\"; expected a TCP port of Deployment/api"),
        If("A Service's target exists by its number", "Service/api", "targetPort: http", "targetPort: 8081", "expected a TCP port of Deployment/api"),
        If("A Service's port is its own target when none is named", "Service/api", "port: 9090", "port: 9091", "ports[1].port is 9091"),
        If("A quoted number is no target", "Service/api", "targetPort: http", "targetPort: '8080'", "expected a TCP port of Deployment/api"),
        If("Several ports need names", "Service/api", "{ name: metrics, port: 9090 }", "{ port: 9090 }", "required where there are several ports"),
        If("A Service's port is there once", "Service/api", "name: metrics, port: 9090", "name: metrics, port: 80", "no other entry of this Service has"),
        If("An Ingress's Service exists", "Ingress/api", "name: api, port: { name: http }", "name: apis, port: { name: http }", "expected a Service of this chart"),
        If("An Ingress's port exists", "Ingress/api", "port: { name: http }", "port: { number: 8080 }", "expected a port of Service/api"),
        If("An Ingress's certificate exists or is external", "Ingress/api", "secretName: api-tls", "secretName: tls", "expected a Secret of this chart"),
        If("A route's Service exists", "HTTPRoute/api", "name: api, port: 80", "name: apis, port: 80", "expected a Service of this chart"),
        If("A route's port exists", "HTTPRoute/api", "name: api, port: 80", "name: api, port: 8080", "backendRefs[0].port is 8080; expected a port of Service/api"),
        If("A ServiceMonitor finds a Service", "ServiceMonitor/api", "component: api", "component: apis", "labels that a Service of this chart has"),
        If("A ServiceMonitor's port exists", "ServiceMonitor/api", "port: metrics", "port: metric", "expected the name of a port of Service/api"));

    public static TheoryData<string, string, string, string> Scaling => new(
        If("An autoscaler's target exists", "HorizontalPodAutoscaler/api", "kind: Deployment, name: api", "kind: Deployment, name: apis", "expected a Deployment of this chart"),
        If("An autoscaler names its target's version", "HorizontalPodAutoscaler/api", "apiVersion: apps/v1,", "apiVersion: apps/v1beta1,", "expected apps/v1"),
        If("What is scaled has no replicas of its own", Api, "strategy:", "replicas: 2\n  strategy:", "spec.replicas is 2; expected no replicas: HorizontalPodAutoscaler/api decides"),
        If("What KEDA scales has no replicas of its own", Builder, "selector:", "replicas: 2\n  selector:", "expected no replicas: ScaledObject/builder decides"),
        If("A workload has one scaler", "ScaledObject/builder", "scaleTargetRef: { name: builder }", "scaleTargetRef: { name: api }", "HorizontalPodAutoscaler/api scales this one already"),
        If("The smallest number is no larger than the largest", "HorizontalPodAutoscaler/api", "minReplicas: 2", "minReplicas: 6", "expected at most 5"),
        If("Only KEDA scales to zero", "HorizontalPodAutoscaler/api", "minReplicas: 2", "minReplicas: 0", "expected at least 1"),
        If("An idle count is below the smallest", "ScaledObject/builder", "minReplicaCount: 1", "minReplicaCount: 1\n  idleReplicaCount: 1", "less than minReplicaCount"),
        If("A trigger's authentication exists", "ScaledObject/builder", "authenticationRef: { name: builder }", "authenticationRef: { name: build }", "expected a TriggerAuthentication of this chart"),
        If("An authentication's key exists", "TriggerAuthentication/builder", "key: PASSWORD", "key: PASS", "expected a key of Secret/api-secrets"),
        If("A disruption budget protects something", "PodDisruptionBudget/api", "component: api", "component: apis", "labels that the pods of a workload of this chart have"),
        If("A disruption budget says one thing", "PodDisruptionBudget/api", "maxUnavailable: 1", "maxUnavailable: 1\n  minAvailable: 1", "either minAvailable or maxUnavailable"));

    public static TheoryData<string, string, string, string> Network => new(
        If("A policy selects something", Policy, "podSelector: { matchLabels: { app.kubernetes.io/component: api } }", "podSelector: { matchLabels: { app.kubernetes.io/component: apis } }", "spec.podSelector is an object with matchLabels"),
        If("A policy's port exists at its own pods", Policy, "port: http", "port: https", "ingress[0].ports[0].port is \"https\"; expected the name of a port of Deployment/api"),
        If("A policy's port exists at the peer's pods", Policy, "port: redis", "port: http", "expected the name of a port of StatefulSet/store"),
        If("A policy with rules for a direction speaks about it", Policy, "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]", "expected Egress too"),
        If("A peer's address range is one", Policy, "cidr: 10.0.0.0/8", "cidr: 10.0.0/33", "an address range"),
        If("A peer is a range or a selector", Policy, "ipBlock: {", "podSelector: {}, ipBlock: {", "either an ipBlock or selectors"),
        If("A port range does not end before it begins", Policy, "port: 443", "port: 443, endPort: 400", "a number not below port"),
        If("Every workload is under a policy for what comes in", "NetworkPolicy/default-deny", "policyTypes: [Ingress, Egress]", "policyTypes: [Egress]", "Deployment/builder: spec.template.metadata.labels is an object with app.kubernetes.io/component; expected labels that a NetworkPolicy for Ingress selects"),
        If("Every workload is under a policy for what goes out", "NetworkPolicy/default-deny", "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]", "Job/migrate: spec.template.metadata.labels is an object with app.kubernetes.io/component; expected labels that a NetworkPolicy for Egress selects"));

    public static TheoryData<string, string, string, string> Security => new(
        If("A pod does not run as root", Api, "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot is false; expected true"),
        If("A container cannot undo that", Api, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: true\n            runAsNonRoot: false", "containers[0].securityContext.runAsNonRoot is false"),
        If("User 0 is root", Api, "runAsUser: 1654", "runAsUser: 0", "any user but 0"),
        If("A pod is under a seccomp profile", Api, "seccompProfile: { type: RuntimeDefault }", "fsGroup: 1654", "securityContext.seccompProfile.type is absent; expected RuntimeDefault"),
        If("No profile is not unconfined", Api, "type: RuntimeDefault", "type: Unconfined", "expected RuntimeDefault"),
        If("A process cannot gain privileges", Api, "allowPrivilegeEscalation: false", "runAsGroup: 1654", "allowPrivilegeEscalation is absent; expected false"),
        If("The root file system is read only", Api, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "readOnlyRootFilesystem is false; expected true"),
        If("All capabilities are dropped", Api, "drop: [ALL]", "drop: [NET_RAW]", "capabilities.drop is a list of 1; expected [ALL]"),
        If("None is added", Api, "drop: [ALL]", "drop: [ALL], add: [SYS_ADMIN]", "nothing but NET_BIND_SERVICE"),
        If("No container is privileged", Api, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: true\n            privileged: true", "privileged is true"),
        If("No pod is in the node's network", Api, "serviceAccountName: api", "serviceAccountName: api\n      hostNetwork: true", "hostNetwork is true"),
        If("No pod sees the node's files", Api, "emptyDir: {}", "hostPath: { path: /tmp }", "volumes[1].hostPath is an object with path; expected one of"),
        If("No pod takes a port of the node", Api, "containerPort: 9090", "containerPort: 9090, hostPort: 9090", "no port of the node"));

    public static TheoryData<string, string, string, string> Resources => new(
        If("Processor time is requested", Builder, "requests: { cpu: 100m, memory: 128Mi }", "requests: { memory: 128Mi }", "resources.requests.cpu is absent"),
        If("Memory is requested", Builder, "requests: { cpu: 100m, memory: 128Mi }", "requests: { cpu: 100m }", "resources.requests.memory is absent"),
        If("Memory has a limit", Builder, "limits: { memory: 128Mi }", "limits: { cpu: 1 }", "resources.limits.memory is absent"),
        If("A request is within its limit", Builder, "limits: { memory: 128Mi }", "limits: { memory: 100M }", "requests.memory is \"128Mi\"; expected at most the limit of \"100M\""),
        If("A device has a limit", Api, "memory: 256Mi, nvidia.com/gpu: 1", "memory: 256Mi", "the same as the limit of nvidia.com/gpu, which is absent"),
        If("A device's request is its limit", Api, "memory: 256Mi, nvidia.com/gpu: 1", "memory: 256Mi, nvidia.com/gpu: 2", "the same as the limit of nvidia.com/gpu, which is 2"),
        If("A device is whole", Api, "memory: 256Mi, nvidia.com/gpu: 1", "memory: 256Mi, nvidia.com/gpu: 500m", "a whole number of devices"),
        If("A resource without a domain is one of Kubernetes' own", Api, "limits: { memory: 256Mi", "limits: { gpu: 1, memory: 256Mi", "limits.gpu is 1; expected one of cpu, memory, ephemeral-storage"));

    [Fact]
    public void Nothing_is_wrong_with_the_example() => Assert.Empty(Found(Example.Documents));

    [Theory]
    [MemberData(nameof(Names))]
    [MemberData(nameof(Workloads))]
    [MemberData(nameof(Containers))]
    [MemberData(nameof(Probes))]
    [MemberData(nameof(Environment))]
    [MemberData(nameof(References))]
    [MemberData(nameof(Traffic))]
    [MemberData(nameof(Scaling))]
    [MemberData(nameof(Network))]
    [MemberData(nameof(Security))]
    [MemberData(nameof(Resources))]
    public void One_change_brings_its_finding(string target, string from, string to, string finding) =>
        Assert.Contains(Found(Example.With(target, from, to)), found => found.Contains(finding, StringComparison.Ordinal));

    [Fact]
    public void Without_policies_none_is_missed()
    {
        var documents = Example.Documents.Where(document => document.Kind is not "NetworkPolicy").ToList();
        Assert.Empty(Found(documents));
    }

    [Fact]
    public void Keys_of_an_external_object_may_be_any()
    {
        var documents = Example.With(Api, "- secretRef: { name: api-secrets }", "- secretRef: { name: registry }\n            - prefix: X_\n              configMapRef: { name: api-config }");
        Assert.Empty(Found(documents));
    }

    [Fact]
    public void An_escaped_dollar_is_no_reference() =>
        Assert.Empty(Found(Example.With(Api, "--limit=$(LIMIT)", "--limit=$$(NOBODY)")));

    [Fact]
    public void An_excuse_lifts_a_house_rule_for_one_workload()
    {
        var documents = Example.With(Api, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false");
        Assert.Empty(Found(documents, new Excuse(Api, "readOnlyRootFilesystem", "writes its cache beside itself")));
        Assert.Single(Found(documents, new Excuse(Api, "runAsNonRoot", "is root")), found => found.Contains("readOnlyRootFilesystem is false", StringComparison.Ordinal));
    }

    [Fact]
    public void An_excuse_lifts_nothing_that_the_server_refuses()
    {
        var documents = Example.With(Api, "scheme: HTTP", "scheme: http");
        Assert.Contains(Found(documents, new Excuse(Api, "scheme", "is written so")), found => found.Contains("in capitals", StringComparison.Ordinal));
    }

    [Fact]
    public void An_excuse_that_nothing_needs_is_a_finding()
    {
        var finding = Assert.Single(Found(Example.Documents, new Excuse(Store, "readOnlyRootFilesystem", "keeps its data")));
        Assert.Equal("good.yaml: StatefulSet/store: readOnlyRootFilesystem is as it should be; expected no excuse (keeps its data)", finding);
    }

    [Fact]
    public void An_excuse_for_a_workload_that_is_not_rendered_is_none() =>
        Assert.Empty(Found(Example.Documents, new Excuse("Deployment/optional", "readOnlyRootFilesystem", "is switched off here")));

    private static IReadOnlyList<string> Found(IReadOnlyList<Document> documents, params Excuse[] excuses) =>
        [.. ChartRules.Check(new Chart(documents, Example.Options with { Excuses = excuses })).Select(finding => finding.ToString())];
}
