using System.Globalization;
using System.Text.RegularExpressions;
using static Orrery.Tests.Kubernetes.Shape;

namespace Orrery.Tests.Kubernetes;

/// <summary>HTTPRoute of the Gateway API, standard channel.</summary>
internal static partial class HttpRouteRules
{
    private const string Dns = @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    private const string DnsLabel = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

    private static readonly Shape Group = Matching($"^$|{Dns}", 253);
    private static readonly Shape Kind = Matching("^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$", 63);
    private static readonly Shape Name = NonEmpty(253);
    private static readonly Shape Namespace = Matching(DnsLabel, 63);
    private static readonly Shape HeaderName = Matching("^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$", 256);
    private static readonly Shape Hostname = Matching(Dns, 253);
    private static readonly Shape Duration = Matching("^([0-9]{1,5}(h|m|s|ms)){1,4}$");
    private static readonly Shape Count = Whole(0);

    private static readonly Shape ParentRef = Object(
        ("group", Group),
        ("kind", Kind),
        ("name*", Name),
        ("namespace", Namespace),
        ("port", Port),
        ("sectionName", Matching(Dns, 253)));

    private static readonly Shape Match = Object(
        ("path", Object(("type", OneOf("Exact", "PathPrefix", "RegularExpression")), ("value", NonEmpty(1024)))),
        ("headers", ListOf(Pattern(4096), most: 16)),
        ("queryParams", ListOf(Pattern(1024), most: 16)),
        ("method", OneOf("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")));

    private static readonly Shape Headers = ListOf(Object(("name*", HeaderName), ("value*", NonEmpty(4096))), most: 16);
    private static readonly Shape HeaderModifier = Object(("add", Headers), ("remove", ListOf(Text, most: 16)), ("set", Headers));

    private static readonly Shape Path = Object(
        ("type*", OneOf("ReplaceFullPath", "ReplacePrefixMatch")),
        ("replaceFullPath", Matching("", 1024)),
        ("replacePrefixMatch", Matching("", 1024)));

    private static readonly Shape Filter = Object(
        ("type*", OneOf("RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect", "URLRewrite", "ExtensionRef", "CORS")),
        ("requestHeaderModifier", HeaderModifier),
        ("responseHeaderModifier", HeaderModifier),
        ("requestMirror", Object(
            ("backendRef*", Object(("group", Group), ("kind", Kind), ("name*", Name), ("namespace", Namespace), ("port", Port))),
            ("percent", Whole(0, 100)),
            ("fraction", Object(("numerator*", Count), ("denominator", Whole(1)))))),
        ("requestRedirect", Object(
            ("scheme", OneOf("http", "https")),
            ("hostname", Hostname),
            ("path", Path),
            ("port", Port),
            ("statusCode", Whole(301, 308)))),
        ("urlRewrite", Object(("hostname", Hostname), ("path", Path))),
        ("extensionRef", Object(("group*", Group), ("kind*", Kind), ("name*", Name))),
        ("cors", Object(
            ("allowCredentials", Flag),
            ("allowHeaders", ListOf(HeaderName, most: 64)),
            ("allowMethods", ListOf(OneOf("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"), most: 9)),
            ("allowOrigins", ListOf(NonEmpty(253), most: 64)),
            ("exposeHeaders", ListOf(HeaderName, most: 64)),
            ("maxAge", Whole(1)))));

    private static readonly Shape BackendRef = Object(
        ("group", Group),
        ("kind", Kind),
        ("name*", Name),
        ("namespace", Namespace),
        ("port", Port),
        ("weight", Whole(0, 1_000_000)),
        ("filters", ListOf(Filter, most: 16)));

    public static OtherApi Api { get; } = new("gateway.networking.k8s.io/v1", "HTTPRoute", Object(
        ("parentRefs", ListOf(ParentRef, most: 32)),
        ("hostnames", ListOf(Matching(@"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", 253), most: 16)),
        ("rules", ListOf(Object(
            ("name", Matching(Dns, 253)),
            ("matches", ListOf(Match, most: 64)),
            ("filters", ListOf(Filter, most: 16)),
            ("backendRefs", ListOf(BackendRef, most: 16)),
            ("timeouts", Object(("request", Duration), ("backendRequest", Duration)))), least: 1, most: 16))), Conditions);

    private static readonly long[] Redirects = [301, 302, 303, 307, 308];

    private static readonly Dictionary<string, string> FilterFields = new(StringComparer.Ordinal)
    {
        ["RequestHeaderModifier"] = "requestHeaderModifier",
        ["ResponseHeaderModifier"] = "responseHeaderModifier",
        ["RequestMirror"] = "requestMirror",
        ["RequestRedirect"] = "requestRedirect",
        ["URLRewrite"] = "urlRewrite",
        ["ExtensionRef"] = "extensionRef",
        ["CORS"] = "cors",
    };

    private static Shape Pattern(int longest) => Object(("name*", HeaderName), ("type", OneOf("Exact", "RegularExpression")), ("value*", NonEmpty(longest)));

    private static IEnumerable<Finding> Conditions(Document document)
    {
        if (document["spec"]["parentRefs"].IsEmpty)
        {
            yield return document.Find(document["spec"]["parentRefs"], "at least one Gateway; without one the route leads nowhere");
        }

        foreach (var finding in document["spec"]["rules"].Items.SelectMany(rule => Rule(document, rule)))
        {
            yield return finding;
        }
    }

    private static IEnumerable<Finding> Rule(Document document, Field rule) =>
    [
        .. rule["matches"].Items.SelectMany(match => PathMatch(document, match["path"])),
        .. Filters(document, rule["filters"]),
        .. rule["backendRefs"].Items.SelectMany(backend => Filters(document, backend["filters"])),
        .. rule["backendRefs"].Items.Concat(rule["filters"].Items.Select(filter => filter["requestMirror"]["backendRef"])).SelectMany(backend => Backend(document, backend)),
        .. Redirect(document, rule),
        .. Timeouts(document, rule["timeouts"]),
    ];

    private static IEnumerable<Finding> PathMatch(Document document, Field path)
    {
        var value = path["value"];
        if (value.Text is not { } text || path["type"].Text is "RegularExpression")
        {
            yield break;
        }

        string[] forbidden = ["//", "/./", "/../", "%2f", "%2F", "#"];
        if (!PathText().IsMatch(text) || forbidden.Any(part => text.Contains(part, StringComparison.Ordinal)) || text.EndsWith("/..", StringComparison.Ordinal) || text.EndsWith("/.", StringComparison.Ordinal))
        {
            yield return document.Find(value, "a path that begins with / and has no //, /./, /../, #, or escaped /");
        }
    }

    private static IEnumerable<Finding> Filters(Document document, Field filters)
    {
        foreach (var filter in filters.Items)
        {
            var field = FilterFields.GetValueOrDefault(filter["type"].Text ?? "", "type");
            if (!filter[field].Exists || filter.Entries.Any(entry => entry.Name is not "type" && entry.Name != field))
            {
                yield return document.Find(filter, $"the field {field} and no other for the type {filter["type"].Text}");
            }

            foreach (var path in ((Field[])[filter["requestRedirect"]["path"], filter["urlRewrite"]["path"]]).Where(path => path.Exists))
            {
                var wanted = path["type"].Text is "ReplaceFullPath" ? "replaceFullPath" : "replacePrefixMatch";
                if (!path[wanted].Exists || path.Entries.Any(entry => entry.Name is not "type" && entry.Name != wanted))
                {
                    yield return document.Find(path, $"the field {wanted} and no other for the type {path["type"].Text}");
                }
            }
        }

        foreach (var again in filters.Items.GroupBy(filter => filter["type"].Text).Where(same => same.Key is not ("RequestMirror" or "ExtensionRef") && same.Count() > 1))
        {
            yield return document.Find(again.Last(), $"one filter of the type {again.Key}");
        }

        if (filters.Items.Any(filter => filter["requestRedirect"].Exists) && filters.Items.Any(filter => filter["urlRewrite"].Exists))
        {
            yield return document.Find(filters, "requestRedirect or urlRewrite, not both");
        }
    }

    private static IEnumerable<Finding> Backend(Document document, Field backend) =>
        backend.Exists && (backend["kind"].Text ?? "Service") is "Service" && string.IsNullOrEmpty(backend["group"].Text) && !backend["port"].Exists
            ? [document.Find(backend["port"], "the Service's port: it is required for Services")]
            : [];

    private static IEnumerable<Finding> Redirect(Document document, Field rule)
    {
        var redirects = rule["filters"].Items.Select(filter => filter["requestRedirect"]).Where(redirect => redirect.Exists).ToList();
        foreach (var code in redirects.Select(redirect => redirect["statusCode"]).Where(code => code.Whole is { } number && !Redirects.Contains(number)))
        {
            yield return document.Find(code, $"one of {string.Join(", ", Redirects)}");
        }

        if (redirects.Count > 0 && !rule["backendRefs"].IsEmpty)
        {
            yield return document.Find(rule["backendRefs"], "no backend beside a redirect");
        }
    }

    private static IEnumerable<Finding> Timeouts(Document document, Field timeouts) =>
        Milliseconds(timeouts["request"].Text) is > 0 and var whole && Milliseconds(timeouts["backendRequest"].Text) > whole
            ? [document.Find(timeouts["backendRequest"], $"at most {timeouts["request"].Text}, the whole request's time")]
            : [];

    private static long Milliseconds(string? duration) => DurationPart().Matches(duration ?? "").Sum(part =>
        long.Parse(part.Groups["number"].Value, CultureInfo.InvariantCulture) * part.Groups["unit"].Value switch { "h" => 3_600_000, "m" => 60_000, "s" => 1000, _ => 1 });

    [GeneratedRegex("(?<number>[0-9]+)(?<unit>ms|h|m|s)")]
    private static partial Regex DurationPart();

    [GeneratedRegex("^/([-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$")]
    private static partial Regex PathText();
}
