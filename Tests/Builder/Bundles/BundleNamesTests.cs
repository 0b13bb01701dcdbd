using FsCheck;
using FsCheck.Fluent;
using Orrery.Builder.Bundles;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Tests.Builder.Bundles;

/// <summary>Names that are made, and paths that are taken.</summary>
public sealed class BundleNamesTests
{
    [Theory]
    [InlineData("registry.internal:5000/air-gap", "python:3.12", "registry.internal:5000/air-gap/docker.io/library/python:3.12")]
    [InlineData("registry.internal/", "vllm/vllm-openai", "registry.internal/docker.io/vllm/vllm-openai:latest")]
    [InlineData("registry.internal/a/b", "GHCR.io/Team/image", null)]
    [InlineData("registry.internal/a/b", "GHCR.io/team/image:1", "registry.internal/a/b/ghcr.io/team/image:1")]
    [InlineData("registry.internal", "127.0.0.1:5000/x:1", "registry.internal/127.0.0.1_5000/x:1")]
    [InlineData("registry.internal", "[::1]:5000/x:1", "registry.internal/0--10_5000/x:1")]
    [InlineData("registry.internal", "[2001:db8::1]/x:1", "registry.internal/02001-db8--10/x:1")]
    [InlineData("localhost", "localhost/x:1", "localhost/localhost/x:1")]
    public void An_image_keeps_its_registry_and_repository_below_the_place(string place, string image, string? expected) =>
        Assert.Equal(expected, ImageReference.Parse(image) is { } parsed ? ImportPlace.Read(place).NameOf(parsed.Normalised).ToString() : null);

    [Fact]
    public void A_name_that_grows_too_long_is_told()
    {
        var fault = Assert.Throws<BundleException>(() => ImportPlace.Read("registry.internal/" + new string('a', 120)).NameOf(ImageReference.Parse("ghcr.io/" + new string('b', 140) + ":1")!));
        Assert.Contains("and 255 are the most", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("entries/a.yaml", true)]
    [InlineData("entries/a b.yaml", true)]
    [InlineData("entries/ä.yaml", true)]
    [InlineData("entries/..a/b", true)]
    [InlineData("../a", false)]
    [InlineData("a/../../b", false)]
    [InlineData("/a", false)]
    [InlineData("a//b", false)]
    [InlineData("./a", false)]
    [InlineData("a/.", false)]
    [InlineData("a\nb", false)]
    [InlineData("a\\b", false)]
    [InlineData("", false)]
    public void A_path_is_taken_where_it_is_plain_and_leads_downwards(string path, bool isTaken) => Assert.Equal(isTaken, BundlePaths.FaultOf(path) is null);

    [Fact]
    public void No_path_that_is_taken_leads_out_and_every_one_is_read_as_it_was_written()
    {
        var parts = Gen.Elements("..", ".", "", "a", "b.yaml", "ä", " ", "\\", "\n", "\0", "*", "...");
        Prop.ForAll(parts.ListOf().Select(list => string.Join('/', list)).ToArbitrary(), path =>
        {
            if (BundlePaths.FaultOf(path) is not null)
            {
                return true;
            }

            var faults = new List<string>();
            var sum = new string('a', 64);
            var read = BundleSums.Read(BundleSums.Write(new Dictionary<string, string> { [path] = sum }), faults);
            return Path.GetFullPath(Path.Combine("/media/bundle", path)) == "/media/bundle/" + path && faults.Count == 0 && read[path] == sum;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_takes_long_is_told_every_few_seconds()
    {
        var (time, said) = (new ManualTime(), new StringWriter());
        var progress = new BundleProgress(said, time);
        progress.Advanced("one", 1, 3_000_000);
        time.Advance(TimeSpan.FromSeconds(5));
        progress.Advanced("one", 1_250_000, 3_000_000);
        progress.Advanced("one", 1_500_000, 3_000_000);
        progress.Blob("sha256:0123456789abcdef", 999, "sent");
        Assert.Equal($"  one  1.2 MB of 3 MB{Environment.NewLine}  sha256:0123456789ab  999 B  sent{Environment.NewLine}", said.ToString());
    }

    [Fact]
    public void What_a_terminal_would_obey_is_not_shown() => Assert.Equal("a?[2J?b", BundlePaths.Shown("a\u001b[2J\u009bb"));
}
