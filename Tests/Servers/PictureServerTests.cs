namespace Orrery.Tests.Servers;

/// <summary>Pictures by diffusers.</summary>
public sealed class PictureServerTests
{
    private const string Path = "/v1/images/generations";

    [Fact]
    public async Task Pictures_come_in_base64_as_large_as_many_and_of_the_format_that_was_asked_for()
    {
        await using var server = await ServerProcess.StartAsync("custom --model stabilityai/sdxl --served-model-name sdxl --kind diffusers-image");
        foreach (var (format, begins) in new[] { ("png", "89504E47"), ("jpeg", "FFD8FF"), ("webp", "52494646") })
        {
            var answer = await server.AskAsync(Path, new { model = "sdxl", prompt = "A cat", n = 2, size = "128x64", output_format = format, seed = 7, num_inference_steps = 2, guidance_scale = 4 });
            var pictures = answer.GetProperty("data").EnumerateArray().Select(picture => picture.GetProperty("b64_json").GetBytesFromBase64()).ToList();
            Assert.Equal(2, pictures.Count);
            Assert.All(pictures, picture => Assert.StartsWith(begins, Convert.ToHexString(picture), StringComparison.Ordinal));
            Assert.NotEqual(pictures[0], pictures[1]);
        }

        foreach (var (body, code, param) in new (object, string, string)[]
        {
            (new { }, "missing_required_parameter", "prompt"),
            (new { prompt = "A cat", size = "large" }, "invalid_value", "size"),
            (new { prompt = "A cat", size = "100x100" }, "invalid_value", "size"),
            (new { prompt = "A cat", n = 11 }, "invalid_value", "n"),
            (new { prompt = "A cat", response_format = "url" }, "unsupported_value", "response_format"),
        })
        {
            var refusal = await server.RefusedAsync(Path, body);
            Assert.Equal((400, code, param), (refusal.Status, refusal.Code, refusal.Param));
        }
    }
}
