namespace Orrery.AppHost;

internal static class WelcomeExtensions
{
    /// <summary>Once the gateway answers: where things are, the first key, and one line to paste.</summary>
    public static void Welcome(
        this IDistributedApplicationBuilder builder,
        IResourceBuilder<ProjectResource> gateway,
        IResourceBuilder<ProjectResource> catalogue,
        IResourceBuilder<ProjectResource> console,
        IResourceBuilder<ParameterResource> firstKey,
        ModelServers models)
    {
        if (builder.ExecutionContext.IsPublishMode)
        {
            return;
        }

        var isSaid = 0;
        gateway.OnResourceReady(async (_, _, cancellationToken) =>
        {
            if (Interlocked.Exchange(ref isSaid, 1) == 1)
            {
                return; // A gateway that was started again is at the old place.
            }

            var gatewayUrl = gateway.GetEndpoint("http").Url;
            var key = await firstKey.Resource.GetValueAsync(cancellationToken);
            Console.WriteLine(Text(gatewayUrl, catalogue.GetEndpoint("http").Url, console.GetEndpoint("http").Url, key!, models));
        });
    }

    private static string Text(string gateway, string catalogue, string console, string key, ModelServers models)
    {
        var served = string.Join('\n', models.Models.Select(model => $"    {model.Id} ({model.ModelType}{(models.Simulated ? ", simulated" : "")})"));
        var warning = models.Simulated
            ? "\n  No GPU here, or no container tool, so a simulator answers: its text is made up, and every answer says so (docs/simulator.md).\n"
            : "";
        return
            $$"""

              Orrery is up.

                gateway        {{gateway}}/v1
                control plane  {{catalogue}}
                console        {{console}}  (sign in with the access key)
                access key     {{key}}
                models
              {{served}}
              {{warning}}
                curl {{gateway}}/v1/chat/completions -H "Authorization: Bearer {{key}}" -H "Content-Type: application/json" -d '{"model":"{{models.Models[0].Id}}","messages":[{"role":"user","content":"Hello"}]}'

                Ctrl-C stops everything; containers of models that you deploy go on, and the next start finds them (docs/deployments.md).

              """;
    }
}
