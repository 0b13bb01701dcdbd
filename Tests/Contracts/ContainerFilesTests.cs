using Orrery.Contracts;

namespace Orrery.Tests.Contracts;

public sealed class ContainerFilesTests
{
    [Theory]
    [InlineData("/etc/vllm/chat.jinja", null)]
    [InlineData("/x", null)]
    [InlineData("/modelsets/a b.json", null)]
    [InlineData("/development/config", null)]
    [InlineData("", "whole path")]
    [InlineData("/", "whole path")]
    [InlineData("etc/x", "whole path")]
    [InlineData("/etc/", "whole path")]
    [InlineData("/etc//x", "whole path")]
    [InlineData("/etc/./x", "whole path")]
    [InlineData("/etc/../x", "whole path")]
    [InlineData("/etc/x:y", "without colons")]
    [InlineData("/etc/x\ny", "without colons")]
    [InlineData("/models", "/models is not the deployment's")]
    [InlineData("/models/own/chat.jinja", "/models is not the deployment's")]
    [InlineData("/dev/shm/x", "/dev is not")]
    [InlineData("/proc/x", "/proc is not")]
    [InlineData("/sys", "/sys is not")]
    public void A_path_is_a_files_in_the_container_and_outside_what_is_mounted_there(string path, string? expectation)
    {
        var faults = Faults(new() { [path] = "text" });
        if (expectation is null)
        {
            Assert.Empty(faults);
        }
        else
        {
            var fault = Assert.Single(faults);
            Assert.Equal($"spec.files.{path}", fault.Path);
            Assert.Contains(expectation, fault.Expectation, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_file_lies_in_another()
    {
        var fault = Assert.Single(Faults(new() { ["/etc/a"] = "", ["/etc/a/b"] = "", ["/etc/ab"] = "" }));
        Assert.Equal(("spec.files./etc/a/b", "a path that does not lead through another file; /etc/a is one"), (fault.Path, fault.Expectation));
    }

    [Fact]
    public void There_are_bounds_to_their_number_and_their_size_in_bytes()
    {
        Assert.Empty(Faults(Enumerable.Range(0, 32).ToDictionary(i => $"/f{i}", _ => new string('a', 16 * 1024))));
        Assert.Equal("33 files", Assert.Single(Faults(Enumerable.Range(0, 33).ToDictionary(i => $"/f{i}", _ => ""))).Value);
        Assert.Equal("524290 bytes", Assert.Single(Faults(new() { ["/f"] = new string('é', 262_145) })).Value);
    }

    [Fact]
    public void A_content_is_text() => Assert.Equal("a text without the character U+0000", Assert.Single(Faults(new() { ["/f"] = "a\0b" })).Expectation);

    private static IReadOnlyList<FieldError> Faults(Dictionary<string, string> files)
    {
        var errors = new FieldErrors();
        new ModelDeploymentSpec { Model = "qwen3-8b", Files = files }.Validate(errors);
        return [.. errors.All];
    }
}
