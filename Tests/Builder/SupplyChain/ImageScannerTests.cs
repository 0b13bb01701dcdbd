using System.Text;
using Microsoft.Extensions.Logging;
using Orrery.Builder.SupplyChain.Scanning;
using Orrery.Tests.ServiceDefaults.Egress;

namespace Orrery.Tests.Builder.SupplyChain;

/// <summary>Scanners as operators name them, each a real process, and what is made of what they print.</summary>
public sealed class ImageScannerTests : IDisposable
{
    private const string Image = "registry.example.com/team/image@sha256:abc";

    private readonly EgressWorld.LogLines _logged = new();

    private readonly ILoggerFactory _loggers;

    public ImageScannerTests() => _loggers = LoggerFactory.Create(logging => logging.AddProvider(_logged));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _loggers.Dispose();

    private ImageScanner Scanner(string script, Action<ScannerOptions>? configure = null)
    {
        var options = new ScannerOptions();
        foreach (var part in (string[])["/bin/sh", "-c", script, "scanner", "{image}", "--sbom={sbom}", "$(touch /tmp/x); {other}"])
        {
            options.Command.Add(part);
        }

        configure?.Invoke(options);
        return new ImageScanner(options, TimeProvider.System, _loggers.CreateLogger<ImageScanner>());
    }

    private static async Task<string> FaultOf(Func<Task> scan)
    {
        var error = await Assert.ThrowsAsync<ScanException>(scan);
        Assert.NotEmpty(error.Remedy);
        return error.Message;
    }

    private static ScanFindings Read(string json) => ScanFindings.Read(Encoding.UTF8.GetBytes(json));

    private static string Shown(Finding finding) => $"{finding.Id} {finding.Severity} {finding.Package}@{finding.Version} -> {finding.FixedIn}: {finding.Title}";

    [Fact]
    public async Task A_scanner_gets_the_image_and_the_list_of_its_parts_and_none_of_our_secrets()
    {
        Environment.SetEnvironmentVariable("Orrery__Tests__Secret", "secret-of-ours");
        var verdict = await Scanner(
            """
            if env | grep -q secret-of-ours; then title=leaked; else title="$CACHE"; fi
            printf '{"findings":[{"id":"%s","severity":"critical","title":"%s"},{"id":"%s","severity":"low","package":"%s"}]}' "$1" "$title" "$(cat "${2#--sbom=}")" "$3"
            """,
            options => options.Environment["CACHE"] = "/var/cache").ScanAsync(Image, "the list"u8.ToArray(), Cancelled);
        Environment.SetEnvironmentVariable("Orrery__Tests__Secret", null);
        Assert.Equal([$"{Image} Critical @ -> : /var/cache", "the list Low $(touch /tmp/x); {other}@ -> : "], verdict.Findings.All.Select(Shown));
        Assert.Equal((true, Image), (verdict.IsRefused, Assert.Single(verdict.Refused).Id));
        Assert.Equal((1, 1), (verdict.Findings.Counts[Severity.Critical], verdict.Findings.Counts[Severity.Low]));
    }

    [Fact]
    public async Task A_scanner_that_fails_hangs_or_floods_is_ended_and_told()
    {
        Assert.Equal("'/bin/sh' ended with 3", await FaultOf(() => Scanner("echo some words >&2; exit 3").ScanAsync(Image, [], Cancelled)));
        Assert.Contains(_logged.Lines, line => line.Contains("ended with 3: some words", StringComparison.Ordinal));
        var verdict = await Scanner("echo '{\"findings\":[]}'; exit 3", options => options.ExitCodes.Add(3)).ScanAsync(Image, [], Cancelled);
        Assert.False(verdict.IsRefused);
        verdict = await Scanner("head -c 3000000 /dev/zero >&2; echo '{\"findings\":[]}'").ScanAsync(Image, [], Cancelled);
        Assert.Empty(verdict.Findings.All);

        var file = Path.GetTempFileName();
        Assert.Equal("'/bin/sh' had not ended after 0.5 s", await FaultOf(() => Scanner($"sleep 300 & echo $! >{file}; wait", options => options.Timeout = TimeSpan.FromSeconds(0.5)).ScanAsync(Image, [], Cancelled)));
        await Eventually.Holds(() => !Directory.Exists($"/proc/{File.ReadAllText(file).Trim()}") || File.ReadAllText($"/proc/{File.ReadAllText(file).Trim()}/stat").Contains(") Z ", StringComparison.Ordinal));
        File.Delete(file);
        Assert.Equal("'/bin/sh' printed more than 67108864 bytes", await FaultOf(() => Scanner("cat /dev/zero").ScanAsync(Image, [], Cancelled)));
        Assert.Equal("it printed no JSON", await FaultOf(() => Scanner("echo hello").ScanAsync(Image, [], Cancelled)));
        Assert.StartsWith("'/no/such' cannot be started: ", await FaultOf(() => Scanner("", options => options.Command[0] = "/no/such").ScanAsync(Image, [], Cancelled)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_forms_of_Trivy_and_Grype_are_read()
    {
        Assert.Equal(
            ["CVE-1 High libssl3@3.0 -> 3.1: a title", "CVE-2 Unknown @ -> : "],
            Read("""{"SchemaVersion":2,"ArtifactName":"x","Results":[{"Target":"a","Vulnerabilities":[{"VulnerabilityID":"CVE-1","PkgName":"libssl3","InstalledVersion":"3.0","FixedVersion":"3.1","Severity":"HIGH","Title":"a title"},{"VulnerabilityID":"CVE-2","Severity":"ODD"}]},{"Target":"b"}]}""").All.Select(Shown));
        Assert.Empty(Read("""{"SchemaVersion":2,"ArtifactName":"x"}""").All);
        Assert.Equal(
            ["GHSA-1 Medium requests@2.0 -> 2.1: words", "CVE-3 Negligible tar@1 -> : "],
            Read("""{"matches":[{"vulnerability":{"id":"GHSA-1","severity":"Medium","description":"words","fix":{"versions":["2.1"],"state":"fixed"}},"artifact":{"name":"requests","version":"2.0"}},{"vulnerability":{"id":"CVE-3","severity":"Negligible","fix":{"versions":[],"state":"wont-fix"}},"artifact":{"name":"tar","version":"1"}}]}""").All.Select(Shown));
    }

    [Fact]
    public void Sarif_is_read_by_score_then_level_then_rule()
    {
        var findings = Read(
            """
            {"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[
              {"id":"R1","properties":{"security-severity":"9.8"}},{"id":"R2","defaultConfiguration":{"level":"note"}},{"id":"R3"}]}},
             "results":[
              {"ruleId":"R1","level":"note","message":{"text":"scored"}},
              {"ruleIndex":1,"message":{"text":"by its rule"}},
              {"ruleId":"R3","message":{"text":"by nothing"}},
              {"ruleId":"R9","level":"error","message":{"text":"by its level"}},
              {"ruleId":"R1","kind":"pass"},
              {"ruleId":"R1","suppressions":[{"kind":"external"}]},
              {"ruleId":"R2","suppressions":[{"kind":"external","status":"rejected"}],"properties":{"security-severity":5.0}}]}]}
            """);
        Assert.Equal(["R1 Critical @ -> : scored", "R2 Low @ -> : by its rule", "R3 Medium @ -> : by nothing", "R9 High @ -> : by its level", "R2 Medium @ -> : "], findings.All.Select(Shown));
    }

    [Fact]
    public void A_threshold_decides_and_may_leave_out_what_nobody_can_mend()
    {
        var findings = Read("""{"findings":[{"id":"a","severity":"medium"},{"id":"b","severity":"critical"},{"id":"c","severity":"high","fixedIn":"2"},{"id":"d"}]}""");
        Assert.Equal(["b", "c", "a"], findings.Reaching(Severity.Medium, onlyFixable: false).Select(finding => finding.Id));
        Assert.Equal(["c"], findings.Reaching(Severity.Medium, onlyFixable: true).Select(finding => finding.Id));
        Assert.Empty(findings.Reaching(Severity.Critical, onlyFixable: true));
        Assert.Equal(4, findings.Reaching(Severity.Unknown, onlyFixable: false).Count);
    }

    [Theory]
    [InlineData("[]", "what it printed is of no known form")]
    [InlineData("{\"results\":[]}", "what it printed is of no known form")]
    [InlineData("{\"findings\":[{\"severity\":\"high\"}]}", "a finding has no 'id'")]
    public void What_is_no_report_is_not_taken_for_an_empty_one(string json, string expected) => Assert.Equal(expected, Assert.Throws<ScanException>(() => Read(json)).Message);
}
