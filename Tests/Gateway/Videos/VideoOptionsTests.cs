using Orrery.Gateway.Storage;

namespace Orrery.Tests.Gateway.Videos;

public sealed class VideoOptionsTests
{
    [Fact]
    public void Wrong_options_are_all_named_at_once()
    {
        var options = new VideoOptions { Keep = TimeSpan.FromSeconds(1), MaxBytes = 1 };
        options.EngineDirectories["default"] = "videos";
        Assert.Equal(
            [
                "Gateway:Videos:Keep is 00:00:01; expected 00:01:00 to 400.00:00:00.",
                "Gateway:Videos:MaxBytes is 1; expected 1024 to 1099511627776.",
                "Gateway:Videos:EngineDirectories:default is 'videos'; expected an absolute path.",
            ],
            new VideoOptions.Validator().Validate(null, options).Failures);
        Assert.True(new VideoOptions.Validator().Validate(null, new VideoOptions()).Succeeded);
    }
}
