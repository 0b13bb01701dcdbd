using static Orrery.Tests.Kubernetes.Shape;

namespace Orrery.Tests.Kubernetes;

/// <summary>ServiceMonitor of the Prometheus operator.</summary>
internal static class ServiceMonitorRules
{
    private static readonly Shape Count = Whole(0, long.MaxValue);
    private static readonly Shape Duration = Matching("^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$");
    private static readonly Shape Proxy = Matching("^(http|https|socks5)://.+$");
    private static readonly Shape Protocol = OneOf("PrometheusProto", "OpenMetricsText0.0.1", "OpenMetricsText1.0.0", "PrometheusText0.0.4", "PrometheusText1.0.0");
    private static readonly Shape Key = Object(("name", Text), ("key*", NonEmpty()), ("optional", Flag));
    private static readonly Shape KeyOf = Object(("configMap", Key), ("secret", Key));
    private static readonly Shape Tls = OneOf("TLS10", "TLS11", "TLS12", "TLS13");

    private static readonly Shape TlsConfig = Object(
        ("ca", KeyOf),
        ("caFile", Text),
        ("cert", KeyOf),
        ("certFile", Text),
        ("keyFile", Text),
        ("keySecret", Key),
        ("insecureSkipVerify", Flag),
        ("serverName", Text),
        ("minVersion", Tls),
        ("maxVersion", Tls));

    private static readonly Shape Relabelings = ListOf(Object(
        ("action", OneOf([.. ((string[])["Replace", "Keep", "Drop", "HashMod", "LabelMap", "LabelDrop", "LabelKeep", "Lowercase", "Uppercase", "KeepEqual", "DropEqual"])
            .SelectMany(action => (string[])[action, action.ToLowerInvariant()])])),
        ("sourceLabels", ListOf(Text)),
        ("separator", Text),
        ("regex", Text),
        ("modulus", Count),
        ("targetLabel", Text),
        ("replacement", Text)));

    private static readonly Shape OAuth2 = Object(
        ("clientId*", KeyOf),
        ("clientSecret*", Key),
        ("tokenUrl*", Matching("^(http|https)://.+$")),
        ("scopes", ListOf(Text)),
        ("endpointParams", MapOf(Text)),
        ("tlsConfig", TlsConfig),
        ("proxyUrl", Proxy),
        ("noProxy", Text),
        ("proxyFromEnvironment", Flag),
        ("proxyConnectHeader", MapOf(ListOf(Key))));

    private static readonly Shape Endpoint = Object(
        ("port", Text),
        ("targetPort", IntOrString),
        ("path", Text),
        ("scheme", OneOf("http", "https", "HTTP", "HTTPS")),
        ("params", MapOf(ListOf(Text))),
        ("interval", Duration),
        ("scrapeTimeout", Duration),
        ("honorLabels", Flag),
        ("honorTimestamps", Flag),
        ("trackTimestampsStaleness", Flag),
        ("followRedirects", Flag),
        ("filterRunning", Flag),
        ("enableHttp2", Flag),
        ("metricRelabelings", Relabelings),
        ("relabelings", Relabelings),
        ("authorization", Object(("type", Text), ("credentials", Key))),
        ("basicAuth", Object(("username", Key), ("password", Key))),
        ("bearerTokenFile", Text),
        ("bearerTokenSecret", Key),
        ("oauth2", OAuth2),
        ("tlsConfig", TlsConfig),
        ("proxyUrl", Proxy),
        ("noProxy", Text),
        ("proxyFromEnvironment", Flag),
        ("proxyConnectHeader", MapOf(ListOf(Key))));

    public static OtherApi Api { get; } = new("monitoring.coreos.com/v1", "ServiceMonitor", Object(
        ("selector*", Object(
            ("matchLabels", MapOf(Text)),
            ("matchExpressions", ListOf(Object(
                ("key*", NonEmpty()),
                ("operator*", OneOf("In", "NotIn", "Exists", "DoesNotExist")),
                ("values", ListOf(Text))))))),
        ("namespaceSelector", Object(("any", Flag), ("matchNames", ListOf(Text)))),
        ("endpoints*", ListOf(Endpoint, least: 1)),
        ("jobLabel", Text),
        ("targetLabels", ListOf(Text)),
        ("podTargetLabels", ListOf(Text)),
        ("attachMetadata", Object(("node", Flag))),
        ("bodySizeLimit", Matching("^(0|([0-9]*[.])?[0-9]+((K|M|G|T|E|P)i?)?B)$")),
        ("sampleLimit", Count),
        ("targetLimit", Count),
        ("labelLimit", Count),
        ("labelNameLengthLimit", Count),
        ("labelValueLengthLimit", Count),
        ("keepDroppedTargets", Count),
        ("scrapeClass", NonEmpty()),
        ("scrapeProtocols", ListOf(Protocol)),
        ("fallbackScrapeProtocol", Protocol),
        ("scrapeClassicHistograms", Flag),
        ("scrapeNativeHistograms", Flag),
        ("convertClassicHistogramsToNHCB", Flag),
        ("nativeHistogramBucketLimit", Count),
        ("nativeHistogramMinBucketFactor", Amount),
        ("selectorMechanism", OneOf("RelabelConfig", "RoleSelector")),
        ("serviceDiscoveryRole", OneOf("Endpoints", "EndpointSlice"))), Conditions);

    private static IEnumerable<Finding> Conditions(Document document)
    {
        foreach (var endpoint in document["spec"]["endpoints"].Items)
        {
            if (endpoint["port"].Exists == endpoint["targetPort"].Exists)
            {
                yield return document.Find(endpoint["port"], "the name of the Service's port, or else targetPort");
            }

            foreach (var duration in ((Field[])[endpoint["interval"], endpoint["scrapeTimeout"]]).Where(duration => duration.Text is ""))
            {
                yield return document.Find(duration, "a duration, for example 30s");
            }
        }
    }
}
