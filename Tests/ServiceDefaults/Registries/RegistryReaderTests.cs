using Orrery.ServiceDefaults.Registries;
using Orrery.Tests.ServiceDefaults.Egress;

namespace Orrery.Tests.ServiceDefaults.Registries;

/// <summary>Digests out of a real registry: open, behind a password, behind a token server, behind a mirror's path.</summary>
public sealed class RegistryReaderTests : IAsyncLifetime
{
    private readonly EgressWorld _world = new("Gateway:Egress:AllowLoopback=true");
    private RegistryServer _registry = null!;
    private string _digest = "";

    public async ValueTask InitializeAsync()
    {
        _registry = await RegistryServer.StartAsync();
        _digest = await _registry.PushAsync("team/image", "1.2", "one");
    }

    public async ValueTask DisposeAsync()
    {
        Assert.DoesNotContain(_world.Logged.Lines, line => line.Contains(RegistryServer.Password, StringComparison.Ordinal));
        _world.Dispose();
        await _registry.DisposeAsync();
    }

    private static RegistryCredentials Credentials(string place, string password = RegistryServer.Password)
    {
        var read = RegistryCredentials.TryRead($$$"""{"auths":{"{{{place}}}":{"username":"{{{RegistryServer.User}}}","password":"{{{password}}}"} } }""", out var fault);
        Assert.Null(fault);
        return read!;
    }

    private async Task<string> Find(string image, RegistryCredentials? credentials = null, EgressWorld? world = null)
    {
        var (digest, fault) = await (world ?? _world).Registries.FindDigestAsync(ImageReference.Parse(image)!, credentials, TestContext.Current.CancellationToken);
        Assert.True(digest is null ^ fault is null);
        Assert.DoesNotContain(RegistryServer.Password, $"{fault}", StringComparison.Ordinal);
        return digest ?? $"{fault!.Stage} {fault.Cause}: {fault.Message}. {fault.Remedy}";
    }

    [Fact]
    public async Task A_tags_digest_is_that_of_what_was_pushed()
    {
        Assert.Equal(_digest, await Find($"{_registry.Address}/team/image:1.2"));
        _world.Answer("localhost", "127.0.0.1");
        Assert.Equal(_digest, await Find($"localhost:{_registry.Port}/team/image:1.2"));

        var list = await _registry.PushIndexAsync("team/image", "list", _digest);
        Assert.Equal(list, await Find($"{_registry.Address}/team/image:list"));

        var next = await _registry.PushAsync("team/image", "1.2", "two");
        Assert.NotEqual(_digest, next);
        Assert.Equal(next, await Find($"{_registry.Address}/team/image:1.2"));
        Assert.Equal(_digest, await Find($"{_registry.Address}/team/image:1.2@{_digest}")); // As it is written; nobody is asked.
    }

    [Fact]
    public async Task An_image_that_is_not_there_and_a_tag_that_is_not_are_told_apart()
    {
        Assert.Equal(
            $"manifest unknown_image: {_registry.Address} has no image 'team/other'. Is the name right, and was it pushed there?", await Find($"{_registry.Address}/team/other:1"));
        Assert.Equal(
            $"manifest unknown_tag: {_registry.Address} has no '9' of 'team/image'. Is the tag right, and was it deleted since?", await Find($"{_registry.Address}/team/image:9"));
    }

    [Fact]
    public async Task A_password_is_sent_where_it_is_asked_for_and_belongs()
    {
        await using var closed = await RegistryServer.StartAsync(_registry.Storage, auth: "htpasswd");
        var image = $"{closed.Address}/team/image:1.2";
        Assert.Equal(_digest, await Find(image, Credentials(closed.Address)));
        Assert.Equal(_digest, await Find(image, Credentials($"{closed.Address}/team")));
        Assert.Equal(_digest, await Find(image, Credentials($"https://{closed.Address}/v2/")));
        Assert.StartsWith($"manifest access_denied: {closed.Address} refuses user 'tests' for 'team/image'", await Find(image, Credentials(closed.Address, "wrong")), StringComparison.Ordinal);
        var none = $"manifest access_denied: {closed.Address} wants a user and a password, and none is set for it. Set a credential for this registry.";
        Assert.Equal(none, await Find(image));
        Assert.Equal(none, await Find(image, Credentials("ghcr.io")));
        Assert.Equal(none, await Find(image, Credentials($"{closed.Address}/other")));
        Assert.Equal(none, await Find(image, Credentials($"{closed.Address}/team/imag")));
    }

    [Fact]
    public async Task A_token_is_fetched_for_anybody_where_anybody_may_pull()
    {
        await using var realm = await TokenRealm.StartAsync(isOpen: true);
        await using var registry = await RegistryServer.StartAsync(_registry.Storage, realm.Auth);
        Assert.Equal(_digest, await Find($"{registry.Address}/team/image:1.2"));
        Assert.Equal(["registry.tests repository:team/image:pull nobody"], realm.Questions);
    }

    [Fact]
    public async Task A_token_is_fetched_with_the_registrys_credential_where_it_takes_one()
    {
        await using var realm = await TokenRealm.StartAsync(isOpen: false);
        await using var registry = await RegistryServer.StartAsync(_registry.Storage, realm.Auth);
        var image = $"{registry.Address}/team/image:1.2";
        Assert.Equal(_digest, await Find(image, Credentials(registry.Address)));
        Assert.StartsWith($"token access_denied: {registry.Address} has no image 'team/image', or shows it to those alone whom it knows.", await Find(image), StringComparison.Ordinal);
        Assert.StartsWith($"token access_denied: {registry.Address} refuses user 'tests' for 'team/image', or has no such image.", await Find(image, Credentials(registry.Address, "wrong")), StringComparison.Ordinal);
        Assert.Equal(["tests", "nobody", "stranger"], realm.Questions.Select(question => question.Split(' ')[^1]));
    }

    [Fact]
    public async Task A_mirror_is_asked_in_a_registrys_place()
    {
        var mirrored = await _registry.PushAsync("hub/library/python", "3.12", "mirrored");
        using var world = new EgressWorld("Gateway:Egress:AllowLoopback=true", $"Registries:Mirrors:docker.io={_registry.Address}/hub");
        Assert.Equal(mirrored, await Find("python:3.12", world: world));
        Assert.Contains($"{_registry.Address} has no image 'hub/a/b'", await Find("a/b", world: world), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("registry.internal:5000")]
    [InlineData("[2001:db8::1]:5000")]
    public async Task A_registry_with_a_port_has_its_mirror_too(string registry)
    {
        var mirrored = await _registry.PushAsync("hub/team/image", "1.2", "mirrored");
        using var world = new EgressWorld("Gateway:Egress:AllowLoopback=true", $"Registries:Mirrors:{registry}={_registry.Address}/hub", "Registries:Mirrors:docker.io=mirror.internal");
        Assert.Equal(mirrored, await Find($"{registry}/team/image:1.2", world: world));
    }

    [Fact]
    public async Task The_rule_for_connections_holds()
    {
        Assert.StartsWith("connection address_refused: 169.254.169.254 is a link-local address", await Find("169.254.169.254/a:1"), StringComparison.Ordinal);
        Assert.StartsWith("connection address_refused: 'metadata.google.internal' is a cloud's metadata service", await Find("metadata.google.internal/a:1"), StringComparison.Ordinal);
        using var closed = new EgressWorld();
        Assert.StartsWith("connection address_refused: 127.0.0.1 is a loopback address", await Find($"{_registry.Address}/team/image:1.2", world: closed), StringComparison.Ordinal);
        _world.Answer("registry.example.com", "169.254.169.254");
        Assert.Contains("169.254.169.254, the address of 'registry.example.com', is a link-local address", await Find("registry.example.com/a:1"), StringComparison.Ordinal);

        // Not even where the operator says that it speaks plain http.
        using var plain = new EgressWorld("Registries:PlainHttp:0=registry.example.com");
        Assert.StartsWith("connection https_required: 'registry.example.com' lies outside", await Find("registry.example.com/a:1", world: plain), StringComparison.Ordinal);
    }
}
