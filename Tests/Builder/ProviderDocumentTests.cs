using Orrery.Builder;
using Orrery.Builder.Registration;
using Orrery.Contracts;

namespace Orrery.Tests.Builder;

public sealed class ProviderDocumentTests
{
    [Theory]
    [InlineData(1, 5, 1)]
    [InlineData(10, 5, 5)]
    [InlineData(86_400, 86_400, 86_400)]
    public void However_a_deployment_is_probed_the_provider_is_one_that_the_catalogue_takes(int interval, int timeout, int asked)
    {
        var declared = new ProbeSpec { Path = "/v1/ready", Interval = new Duration(TimeSpan.FromSeconds(interval)), Timeout = new Duration(TimeSpan.FromSeconds(timeout)) };
        Assert.Empty(Faults(new ModelDeploymentSpec { Model = "m", Probes = declared }.Validate));
        var template = new RevisionTemplate
        {
            ModelId = "m",
            ModelType = ModelTypes.Chat,
            Engine = Engines.Vllm,
            Image = "image",
            HealthPath = declared.Path,
            Probes = new TemplateProbes(TimeSpan.FromMinutes(1), declared.Interval!.Value.Value, declared.Timeout!.Value.Value, 3),
            Drain = TimeSpan.Zero,
        };
        var provider = ProviderDocument.Of(template, [], isSimulated: false);
        Assert.Empty(Faults(provider.Validate));
        Assert.Equal(TimeSpan.FromSeconds(asked), provider.HealthCheck!.EffectiveTimeout);
    }

    [Theory]
    [InlineData("/health?full=1")]
    [InlineData("//elsewhere/health")]
    [InlineData("/../health")]
    [InlineData("health")]
    public void A_path_that_the_gateway_would_not_ask_for_is_refused_when_it_is_declared(string path)
    {
        var fault = Assert.Single(Faults(new ModelDeploymentSpec { Model = "m", Probes = new ProbeSpec { Path = path } }.Validate));
        Assert.Equal(("spec.probes.path", path), (fault.Path, fault.Value));
    }

    private static IReadOnlyList<FieldError> Faults(Action<FieldErrors> validate)
    {
        var errors = new FieldErrors();
        validate(errors);
        return errors.All;
    }
}
