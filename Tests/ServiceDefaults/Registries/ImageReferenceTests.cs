using FsCheck;
using FsCheck.Fluent;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Tests.ServiceDefaults.Registries;

/// <summary>Names of images, read and written out.</summary>
public sealed class ImageReferenceTests
{
    private const string Digest = "sha256:7b324d212a4450795b49edba9949b7cdc72429148a64e974334bfe5774d51385";

    [Theory]
    [InlineData("python", "docker.io/library/python:latest")]
    [InlineData("python:3.12-slim", "docker.io/library/python:3.12-slim")]
    [InlineData("docker.io/python:3", "docker.io/library/python:3")]
    [InlineData("index.docker.io/library/python", "docker.io/library/python:latest")]
    [InlineData("vllm/vllm-openai:v0.16.0", "docker.io/vllm/vllm-openai:v0.16.0")]
    [InlineData("localhost/a", "localhost/a:latest")]
    [InlineData("localhost:5000/a/b:tag@" + Digest, "localhost:5000/a/b:tag@" + Digest)]
    [InlineData("ghcr.io/x/y@" + Digest, "ghcr.io/x/y@" + Digest)]
    [InlineData("[::1]:5000/a__b/c-d.e:1", "[::1]:5000/a__b/c-d.e:1")]
    public void A_name_is_written_out(string written, string expected) => Assert.Equal(expected, $"{ImageReference.Parse(written)!.Normalised}");

    [Theory]
    [InlineData("", "it names no repository")]
    [InlineData("https://ghcr.io/a/b", "it begins like a URL: an image has no scheme")]
    [InlineData("ghcr.io/Acme/Model", "'Acme' has capital letters, and a repository is written in small ones")]
    [InlineData("a//b", "there is nothing before, after or between its slashes")]
    [InlineData("a/b c:1", "'b c' is no part of a repository: small letters and digits, with '.', '_', '__' or dashes between them")]
    [InlineData("a/../b", "'..' is no part of a repository: small letters and digits, with '.', '_', '__' or dashes between them")]
    [InlineData("-x.example/a", "'-x.example' is no registry: a host's name or address, with :PORT or without")]
    [InlineData("a:", "there is no tag after its ':'")]
    [InlineData("a:.b", "'.b' is no tag: letters, digits, '_', '.' and '-', beginning with none of the last two")]
    [InlineData("a@sha256:12", "'sha256:12' is no digest: sha256: and 64 hexadecimal digits in small letters")]
    [InlineData("a@", "'' is no digest: sha256: and 64 hexadecimal digits in small letters")]
    public void What_is_wrong_with_a_name_is_said(string written, string expected)
    {
        Assert.Null(ImageReference.Parse(written, out var fault));
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void Lengths_are_bounded()
    {
        ImageReference.Parse(new string('a', 256), out var name);
        ImageReference.Parse("a:" + new string('b', 129), out var tag);
        Assert.Equal(("its name has 256 characters, and 255 are the most", "its tag has 129 characters, and 128 are the most"), (name, tag));
    }

    [Fact]
    public void Any_text_is_a_name_that_stays_one_or_has_a_fault()
    {
        var pieces = Gen.Elements("a", "B", "0", "/", ":", "@", ".", "-", "_", "[", "]", "::1", "localhost", "docker.io", Digest, "sha256:", " ", "é", "\n", "\\");
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Gen.ListOf(pieces).Select(list => string.Concat(list)).ToArbitrary(), text =>
        {
            var image = ImageReference.Parse(text, out var fault);
            return image is null ? fault is { Length: > 0 } : fault is null && $"{image}" == text && ImageReference.Parse($"{image.Normalised}") == image.Normalised;
        }));
    }
}
