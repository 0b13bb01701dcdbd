using Orrery.Contracts;

namespace Orrery.Tests.Contracts;

public sealed class VideosSpecTests
{
    [Theory]
    [InlineData("videos", "videos/{id}", "videos/{id}/content")]
    [InlineData("/generate", "/jobs?id={id}", "/files/{id}.mp4")]
    [InlineData(null, null, null)]
    public void Paths_from_the_base_url_or_the_root_are_taken(string? create, string? status, string? content) => Assert.Empty(Faults(create, status, content));

    [Theory]
    [InlineData("", "videos", "videos/{id}/{id}")]
    [InlineData("videos/{id}", "../{id}", "videos//{id}")]
    [InlineData("http://elsewhere/videos", "https://elsewhere/{id}", "//elsewhere/{id}")]
    [InlineData("vid eos", "videos/{id}#x", "videos/{ID}")]
    [InlineData("vid\nos", "videos/{id}/{job}", "videos/%2e%2e/{id}")]
    public void Others_are_named_with_their_field(string create, string status, string content) =>
        Assert.Equal(["spec.videos.create", "spec.videos.status", "spec.videos.content"], Faults(create, status, content));

    private static IEnumerable<string> Faults(string? create, string? status, string? content)
    {
        var errors = new FieldErrors();
        new ModelProviderSpec { Provider = "video-engine", Endpoint = "http://h:1", Videos = new VideosSpec { Create = create, Status = status, Content = content } }.Validate(errors);
        return errors.All.Select(error => error.Path);
    }
}
