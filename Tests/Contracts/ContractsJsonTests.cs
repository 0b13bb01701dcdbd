using System.Text.Json;
using Orrery.Contracts;

namespace Orrery.Tests.Contracts;

public sealed class ContractsJsonTests
{
    [Fact]
    public void What_a_document_leaves_out_has_its_default()
    {
        Assert.Equal(AccessRoles.User, JsonSerializer.Deserialize("{}", ContractsJson.Default.AccessKeySpec)!.Role);
        Assert.Equal("default", JsonSerializer.Deserialize("""{"name":"x"}""", ContractsJson.Default.ResourceMetadata)!.Namespace);
        Assert.Equal(1, JsonSerializer.Deserialize("""{"provider":"vllm","endpoints":[{"url":"http://h"}]}""", ContractsJson.Default.ModelProviderSpec)!.Endpoints![0].Weight);
        Assert.Empty(JsonSerializer.Deserialize("""{"revision":1}""", ContractsJson.Default.SnapshotDocument)!.Keys);
    }

    [Fact]
    public void A_provider_as_the_release_before_wrote_it_is_read()
    {
        var provider = JsonSerializer.Deserialize(
            """{"namespace":"default","name":"p","provider":"openai","engine":"openai","endpoints":[{"url":"https://h/v1"}],"apiKeyContext":"c"}""", ContractsJson.Default.SnapshotProvider)!;
        Assert.Empty(provider.ApiKeys);
        Assert.Empty(provider.Aliases);
        Assert.Null(provider.Auth);
    }

    [Fact]
    public void What_follows_from_other_members_is_not_written()
    {
        var spec = new ModelProviderSpec { Provider = "vllm", Endpoint = "http://h" };
        Assert.Equal("""{"provider":"vllm","endpoint":"http://h","simulated":false}""", JsonSerializer.Serialize(spec, ContractsJson.Default.ModelProviderSpec));
    }
}
