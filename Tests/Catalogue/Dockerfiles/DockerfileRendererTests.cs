using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orrery.Catalogue.Dockerfiles;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Exchange;
using Orrery.Catalogue.Servers;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Dockerfiles;

/// <summary>Whatever an entry's fields hold, its Dockerfile has the instructions that it should have, and no others.</summary>
public sealed class DockerfileRendererTests
{
    private static readonly ModelSpec Sound = BuiltInEntries.Find("kokoro-82m")!.Spec;

    private static readonly string[] Usual = ["LABEL", "RUN", "COPY", "RUN", "RUN", "ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"];

    [Fact]
    public void No_text_of_an_entry_becomes_an_instruction()
    {
        var pieces = Gen.Elements("\n", "\r\n", "RUN rm -rf /", "\"", "\\", "$(id)", "${HOME}", "`id`", "'", "# x", "\nUSER root\n", " ", "é", "syntax=evil/frontend:1 ", "\u2028", "<<EOF", "\t");
        var texts = Gen.ListOf(pieces).Select(list => string.Concat(list)).ToArbitrary();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(400), Prop.ForAll(texts, text =>
        {
            var model = Sound with
            {
                Name = text,
                Description = text,
                Vendor = text,
                Licence = "l" + text,
                Environment = new Dictionary<string, string> { ["A"] = text },
                Arguments = new Dictionary<string, JsonElement> { ["--default-voice"] = JsonSerializer.SerializeToElement(text) },
            };
            var (file, faults) = Parse(DockerfileRenderer.Render(model, ServerTables.Current("tts-engine")!, new StartOptions()));
            return faults.Count == 0 && file.Directives.Count == 0 && file.Stages.Count == 1 && file.Stages[0].Instructions.Select(instruction => instruction.Name).SequenceEqual(Usual);
        }));
    }

    [Theory]
    [InlineData("packages: [\"a==1\\\" && rm -rf / #\"]")]
    [InlineData("packages: [\"a==1; curl x\"]")]
    [InlineData("packages: [a]")]
    [InlineData("systemPackages: [\"curl && id\"]")]
    [InlineData("environment: { \"A=1\\nUSER root\\nENV B\": x }")]
    [InlineData("arguments: { \"--a b\": x }")]
    [InlineData("arguments: { \"\": false }")]
    [InlineData("arguments: { \"-\": false }")]
    [InlineData("dockerfile: \" \"")]
    [InlineData("weights: 0GB")]
    [InlineData("repo: \"a/b\\nRUN id\"")]
    [InlineData("revision: \"main --x\"")]
    public void What_stands_bare_in_a_Dockerfile_has_a_form(string field)
    {
        var errors = new FieldErrorList();
        ModelExchange.Read(Encoding.UTF8.GetBytes($"id: x\nmodelType: chat\nengine: vllm\n{field}"), errors);
        Assert.Single(errors.All);
    }

    private static (Dockerfile File, IReadOnlyList<FieldError> Faults) Parse(string text)
    {
        var errors = new FieldErrorList();
        return (Dockerfile.Parse(text, errors), errors.All);
    }
}
