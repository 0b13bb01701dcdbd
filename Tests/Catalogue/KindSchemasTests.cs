using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orrery.Catalogue.Resources;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue;

public sealed partial class KindSchemasTests
{
    public static TheoryData<string> Kinds => [.. ResourceKinds.All.Select(definition => definition.Kind.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void No_description_names_what_only_the_code_knows(string kind)
    {
        var schema = KindSchemas.Of(ResourceKinds.ByName(kind)!);
        Assert.DoesNotContain(Descriptions(schema), description => OfCode.IsMatch(description));
    }

    [Fact]
    public void A_description_says_the_values_and_the_fields_that_it_speaks_of()
    {
        var spec = KindSchemas.Of(ResourceKinds.Of(ResourceKind.ModelDeployment))["properties"]!["spec"]!["properties"]!;
        Assert.Equal("One of rolling, recreate, canary; rolling where absent.", (string?)spec["rollout"]!["properties"]!["strategy"]!["description"]);
        Assert.Equal("One of rps, in_flight, queue, kv_cache.", (string?)spec["autoscaling"]!["properties"]!["metric"]!["description"]);
        Assert.Equal("Environment variables of the server. No secrets: those are named in secrets.", (string?)spec["environment"]!["description"]);
        Assert.Equal("""["string","number","null"]""", spec["resources"]!["properties"]!["memory"]!["type"]!.ToJsonString());
    }

    private static IEnumerable<string> Descriptions(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(entry => entry.Key == "description" && entry.Value is JsonValue text ? [text.GetValue<string>()] : Descriptions(entry.Value)),
        JsonArray list => list.SelectMany(Descriptions),
        _ => [],
    };

    /// <summary>A list's name where its values belong, and properties in the code's spelling.</summary>
    [GeneratedRegex(@"\bof (All|Metrics|OfRequests|OfJobs)\b|\b(in|of|as|see|than) [A-Z][a-z]+[A-Z][a-z]+\b(?<!(ModelProvider|AccessKey|GpuClass|ModelDeployment|LicencePolicy|ImagePolicy|LicenceAcceptance|ModelProviders|AccessKeys|ConfigMap))")]
    private static partial Regex OfCode { get; }
}
