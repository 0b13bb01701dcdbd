using System.Text;
using Orrery.ServiceDefaults.Registries.Ecr;

namespace Orrery.Tests.ServiceDefaults.Registries;

/// <summary>The signatures that AWS publishes for its test suite of version 4 (<c>aws-sig-v4-test-suite</c>), with the keys that it publishes for it.</summary>
public sealed class AwsSignatureTests
{
    private static readonly DateTimeOffset Now = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("GET", "https://example.amazonaws.com/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")] // get-vanilla
    [InlineData("POST", "https://example.amazonaws.com/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")] // post-vanilla
    [InlineData("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")] // get-vanilla-query-order-key-case
    [InlineData("GET", "https://example.amazonaws.com/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197")] // get-vanilla-query-unreserved
    [InlineData("GET", "https://example.amazonaws.com/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f")] // get-unreserved
    public void Requests_of_the_suite_are_signed_as_published(string method, string url, string signature) => Assert.Equal(
        $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}",
        Sign(method, url));

    [Fact]
    public void A_form_is_signed_as_published() => Assert.Equal( // post-x-www-form-urlencoded
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        Sign("POST", "https://example.amazonaws.com/", "Param1=value1", new KeyValuePair<string, string>("Content-Type", "application/x-www-form-urlencoded")));

    [Fact]
    public void A_header_has_its_blanks_drawn_together() => Assert.Equal( // get-header-value-trim
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;my-header1;my-header2;x-amz-date, Signature=acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        Sign("GET", "https://example.amazonaws.com/", "", new("My-Header1", " value1"), new("My-Header2", " \"a   b   c\"")));

    private static string Sign(string method, string url, string body = "", params KeyValuePair<string, string>[] headers) => AwsSignature.Sign(
        new HttpMethod(method), new Uri(url), headers, Encoding.UTF8.GetBytes(body), new AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", null, null), "us-east-1", "service", Now).Authorization;
}
