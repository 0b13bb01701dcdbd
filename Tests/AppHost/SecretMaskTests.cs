using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Orrery.AppHost;
using Orrery.Contracts;

namespace Orrery.Tests.AppHost;

/// <summary>What the feed of the running graph hides, in the forms in which services write it.</summary>
public sealed class SecretMaskTests
{
    private const string Mask = RunningResource.Mask;
    private const string Odd = """p"a's\s w&ö/+%=;é""";

    [Theory]
    [InlineData("hunter2-hunter2", "hunter2-hunter2", Mask)]
    [InlineData("hunter2-hunter2", "Host=db;Password=hunter2-hunter2;Database=orrery", $"Host=db;Password={Mask};Database=orrery")]
    [InlineData("hunter2-hunter2", "postgres://orrery:hunter2-hunter2@db:5432/orrery", $"postgres://orrery:{Mask}@db:5432/orrery")]
    [InlineData("hunter2-hunter2", "hunter2-hunter2hunter2-hunter2 and hunter2-hunter2", $"{Mask}{Mask} and {Mask}")]
    [InlineData("hunter2-hunter2", "hunter2-hunter", "hunter2-hunter")]
    [InlineData("hunter2-hunter2", "HUNTER2-HUNTER2", "HUNTER2-HUNTER2")]
    [InlineData("(.*)+[a]$1", "regex (.*)+[a]$1", $"regex {Mask}")]
    [InlineData("schlüssel-🔑", "key=schlüssel-🔑!", $"key={Mask}!")]
    [InlineData(Odd, $"--password {Odd} --port 1", $"--password {Mask} --port 1")]
    public void A_secret_is_hidden_wherever_it_stands(string secret, string text, string shown) => Assert.Equal(shown, Of(secret).Hide(text));

    [Theory]
    [InlineData(Odd)]
    [InlineData("a b+c/d?e&f=g")]
    [InlineData("<key>'with\"everything\"\\&\t")]
    public void A_secret_is_hidden_as_urls_and_json_write_it(string secret)
    {
        var mask = Of(secret);
        Assert.Equal($"redis://:{Mask}@cache", mask.Hide($"redis://:{Uri.EscapeDataString(secret)}@cache"));
        Assert.Equal($"?key={Mask}", mask.Hide($"?key={System.Net.WebUtility.UrlEncode(secret)}"));
        Assert.Equal($"?key={Mask}", mask.Hide($"?key={System.Web.HttpUtility.UrlEncode(secret)}"));
        Assert.Equal($$"""{"key":"{{Mask}}"}""", mask.Hide($$"""{"key":{{System.Text.Json.JsonSerializer.Serialize(secret)}}}"""));
        var relaxed = new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        Assert.Equal($$"""{"key":"{{Mask}}"}""", mask.Hide($$"""{"key":{{System.Text.Json.JsonSerializer.Serialize(secret, relaxed)}}}"""));
    }

    [Theory]
    [InlineData("abcd", "abcd", Mask)]
    [InlineData("abcd", "an abcd of words", "an abcd of words")]
    [InlineData("abcde", "an abcde of words", $"an {Mask} of words")]
    [InlineData("1", "1", Mask)]
    [InlineData("1", "replicas: 1", "replicas: 1")]
    [InlineData("", "", "")]
    [InlineData("", "words", "words")]
    public void A_short_secret_is_hidden_where_it_is_the_whole_text(string secret, string text, string shown) => Assert.Equal(shown, Of(secret).Hide(text));

    [Fact]
    public void No_end_of_a_secret_stays_that_begins_with_another()
    {
        Assert.Equal(Mask, Of("secret", "secret-and-more").Hide("secret-and-more"));
        Assert.Equal(Mask, Of("secret-and-more", "secret").Hide("secret-and-more"));
        Assert.Equal($"{Mask} {Mask}", Of("secret", "secret-and-more").Hide("secret secret-and-more"));
    }

    [Fact]
    public void Only_secret_parameters_are_hidden_and_what_is_given_besides()
    {
        var mask = new SecretMask(new([Parameter("port", "8080-open", secret: false), Parameter("key", "private-key")]), ["feeds-own-key"]);
        Assert.Equal($"8080-open {Mask} {Mask}", mask.Hide("8080-open private-key feeds-own-key"));
    }

    [Fact]
    public void A_secret_that_nobody_has_set_keeps_no_other_from_being_hidden_and_is_hidden_once_it_is_set()
    {
        string? late = null;
        var missing = new ParameterResource("late", _ => late ?? throw new MissingParameterValueException("Parameter 'late' has no value."), secret: true);
        var mask = new SecretMask(new([missing, Parameter("key", "private-key")]), []);
        Assert.Equal($"{Mask} late-secret", mask.Hide("private-key late-secret"));
        late = "late-secret";
        Assert.Equal($"{Mask} {Mask}", mask.Hide("private-key late-secret"));
    }

    private static SecretMask Of(params string[] secrets) => new(new(secrets.Select((secret, i) => Parameter($"secret-{i}", secret))), []);

    private static ParameterResource Parameter(string name, string value, bool secret = true) => new(name, _ => value, secret);
}
