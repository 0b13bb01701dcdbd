using static Orrery.Tests.Kubernetes.Broken;

namespace Orrery.Tests.Kubernetes;

public sealed class OtherApiRulesTests
{
    private const string Route = "HTTPRoute/api";
    private const string Scaler = "ScaledObject/builder";
    private const string Authentication = "TriggerAuthentication/builder";
    private const string Monitor = "ServiceMonitor/api";

    public static TheoryData<string, string, string, string> HttpRoute => new(
        If("A route's unknown field is refused", Route, "hostnames:", "hosts:", "spec.hosts is a list of 1; expected a field that exists: hostnames, parentRefs, rules"),
        If("A route has a Gateway", Route, "parentRefs: [{ name: shared, namespace: gateways }]", "parentRefs: []", "at least one Gateway"),
        If("A Gateway has a name", Route, "name: shared, ", "", "parentRefs[0].name is absent"),
        If("A host has no port", Route, "[api.example]", "['api.example:443']", "spec.hostnames[0] is \"api.example:443\"; expected a string that matches"),
        If("A match's type is known", Route, "PathPrefix", "Prefix", "expected one of Exact, PathPrefix, RegularExpression"),
        If("A path begins with a slash", Route, "value: /v1", "value: v1", "matches[0].path.value is \"v1\"; expected a path that begins with /"),
        If("A path has no doubled slash", Route, "value: /v1", "value: /v1//x", "expected a path that begins with / and has no //"),
        If("A Service needs a port", Route, "{ name: api, port: 80 }", "{ name: api }", "backendRefs[0].port is absent; expected the Service's port"),
        If("A mirror's Service needs a port", Route, "type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: X-From, value: route }] }", "type: RequestMirror, requestMirror: { backendRef: { name: api } }", "requestMirror.backendRef.port is absent"),
        If("A filter has the field of its type", Route, "type: RequestHeaderModifier", "type: ResponseHeaderModifier", "expected the field responseHeaderModifier and no other"),
        If("A header's value is a string", Route, "value: route", "value: 1", "set[0].value is 1; expected a string; quote it"),
        If("A filter is there once", Route, "filters:\n", "filters:\n        - { type: RequestHeaderModifier, requestHeaderModifier: { remove: [X] } }\n", "one filter of the type RequestHeaderModifier"),
        If("A redirect has no backend", Route, "type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: X-From, value: route }] }", "type: RequestRedirect, requestRedirect: { scheme: https }", "no backend beside a redirect"),
        If("A redirect's status is one", Route, "type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: X-From, value: route }] }", "type: RequestRedirect, requestRedirect: { statusCode: 304 }", "statusCode is 304; expected one of 301, 302"),
        If("A new path is of the type it says", Route, "type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: X-From, value: route }] }", "type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replacePrefixMatch: / } }", "the field replaceFullPath and no other"),
        If("A timeout has a unit", Route, "request: 10m", "request: '600'", "timeouts.request is \"600\"; expected a string that matches"),
        If("A part's timeout is within the whole's", Route, "backendRequest: 5m", "backendRequest: 1h", "backendRequest is \"1h\"; expected at most 10m"),
        If("A weight is a number", Route, "port: 80 }", "port: 80, weight: '1' }", "weight is \"1\"; expected a whole number from 0 to 1000000"),
        If("A route's rules are at least one", Route, "  rules:\n", "  rules: []\n  x:\n", "spec.rules is []; expected 1 to 16 items"),
        If("An object's metadata has no unknown field", Route, "metadata: { name: api }", "metadata: { name: api, label: {} }", "metadata.label is {}"));

    public static TheoryData<string, string, string, string> Keda => new(
        If("A ScaledObject's unknown field is refused", Scaler, "minReplicaCount", "minReplicas", "spec.minReplicas is 1; expected a field that exists"),
        If("A ScaledObject has a target", Scaler, "scaleTargetRef: { name: builder }", "pollingInterval: 5", "spec.scaleTargetRef is absent"),
        If("A ScaledObject has a trigger", Scaler, "  triggers:\n", "  triggers: []\n  x:\n", "at least 1 items"),
        If("A trigger has a type", Scaler, "- type: prometheus", "- name: queue", "triggers[0].type is absent"),
        If("A trigger has metadata", Scaler, "metadata: { serverAddress: \"http://prometheus:9090\", query: \"sum(queued)\", threshold: \"5\" }", "name: queue", "triggers[0].metadata is absent"),
        If("A trigger's metadata are strings", Scaler, "threshold: \"5\"", "threshold: 5", "triggers[0].metadata.threshold is 5; expected a string; quote it"),
        If("A known trigger's metadata are complete", Scaler, "query: \"sum(queued)\", ", "", "metadata.query is absent; expected a value: triggers of the type prometheus need it"),
        If("Utilization is for cpu and memory", Scaler, "- type: prometheus", "- metricType: Utilization\n      type: prometheus", "expected AverageValue or Value for triggers of the type prometheus"),
        If("A fallback needs a trigger with an average", Scaler, "- type: prometheus", "- metricType: Value\n      type: prometheus", "a fallback only beside a trigger with the metricType AverageValue"),
        If("A trigger's name is its own", Scaler, "- type: prometheus", "- { type: cpu, name: a, metadata: { value: \"50\" } }\n    - name: a\n      type: prometheus", "a name that no other trigger has"),
        If("A count is not negative", Scaler, "minReplicaCount: 1", "minReplicaCount: -1", "minReplicaCount is -1; expected a whole number from 0"),
        If("A TriggerAuthentication's unknown field is refused", Authentication, "parameter: password", "param: password", "secretTargetRef[0].param is \"password\""),
        If("A TriggerAuthentication names a key", Authentication, ", key: PASSWORD", "", "secretTargetRef[0].key is absent"),
        If("A TriggerAuthentication is for something", Authentication, "secretTargetRef: [{ parameter: password, name: api-secrets, key: PASSWORD }]", "{}", "spec is {}; expected at least one source of credentials"));

    public static TheoryData<string, string, string, string> ServiceMonitor => new(
        If("A ServiceMonitor's unknown field is refused", Monitor, "interval: 30s", "every: 30s", "endpoints[0].every is \"30s\""),
        If("An interval has a unit", Monitor, "interval: 30s", "interval: '30'", "interval is \"30\"; expected a string that matches"),
        If("An interval is not empty", Monitor, "interval: 30s", "interval: ''", "expected a duration, for example 30s"),
        If("A monitored port is named", Monitor, "port: metrics, ", "", "the name of the Service's port, or else targetPort"),
        If("A monitored port is no number", Monitor, "port: metrics", "port: 9090", "endpoints[0].port is 9090; expected a string; quote it"),
        If("A ServiceMonitor has endpoints", Monitor, "endpoints: [{ port: metrics, path: /metrics, interval: 30s }]", "endpoints: []", "at least 1 items"),
        If("A ServiceMonitor has a selector", Monitor, "selector: { matchLabels: { app.kubernetes.io/component: api } }", "jobLabel: x", "spec.selector is absent"));

    [Fact]
    public void Nothing_is_wrong_with_the_example() => Assert.Empty(Found(Example.Documents));

    [Theory]
    [MemberData(nameof(HttpRoute))]
    [MemberData(nameof(Keda))]
    [MemberData(nameof(ServiceMonitor))]
    public void One_change_brings_its_finding(string target, string from, string to, string finding) =>
        Assert.Contains(Found(Example.With(target, from, to)), found => found.Contains(finding, StringComparison.Ordinal));

    [Fact]
    public void An_unknown_trigger_needs_nothing_but_strings() =>
        Assert.Empty(Found(Example.With(Scaler, "- type: prometheus", "- type: somebody-elses")));

    [Fact]
    public void A_route_to_no_Service_needs_no_port() =>
        Assert.Empty(Found(Example.With(Route, "{ name: api, port: 80 }", "{ group: inference.networking.k8s.io, kind: InferencePool, name: models }")));

    private static IReadOnlyList<string> Found(IReadOnlyList<Document> documents) =>
        [.. documents.Where(OtherApiRules.Knows).SelectMany(OtherApiRules.Check).Select(finding => finding.ToString())];
}
