using Aspire.Hosting;
using Microsoft.Extensions.Configuration;

namespace Orrery.Tests.Hosting.Publishing;

/// <summary>Which step a command line asks for; the refusals are in <see cref="ManifestErrorTests"/>.</summary>
public sealed class PublishRequestTests
{
    [Theory]
    [InlineData("", DistributedApplicationOperation.Run, "")]
    [InlineData("--operation run", DistributedApplicationOperation.Run, "")]
    [InlineData("--publisher manifest", DistributedApplicationOperation.Publish, "publish-manifest")]
    [InlineData("--operation publish --publisher manifest", DistributedApplicationOperation.Publish, "publish-manifest")]
    [InlineData("--operation publish --step publish-manifest", DistributedApplicationOperation.Publish, "publish-manifest")]
    [InlineData("--operation Publish", DistributedApplicationOperation.Publish, "publish")]
    [InlineData("--operation publish --step publish", DistributedApplicationOperation.Publish, "publish")]
    [InlineData("--publisher default", DistributedApplicationOperation.Publish, "publish")]
    [InlineData("--publisher manifest --step publish", DistributedApplicationOperation.Publish, "publish")]
    public void A_command_line_asks_for_a_step(string line, DistributedApplicationOperation operation, string step)
    {
        var configuration = new ConfigurationManager();
        configuration.AddCommandLine(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), CommandLineSwitches.Map);
        var request = PublishRequest.Of(configuration);
        Assert.Null(request.Fault);
        Assert.Equal((operation, step), (request.Operation, request.Step));
    }
}
