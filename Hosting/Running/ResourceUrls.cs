using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>The addresses to show with a resource.</summary>
internal static class ResourceUrls
{
    public static async Task<IReadOnlyList<UrlSnapshot>> OfAsync(IResource resource, CancellationToken cancellationToken)
    {
        var urls = new List<UrlSnapshot>();
        foreach (var endpoint in resource is IResourceWithEndpoints owner ? owner.GetEndpoints() : [])
        {
            var shown = new ResourceUrlAnnotation { Url = endpoint.Url, Endpoint = endpoint };
            foreach (var change in resource.Annotations.OfType<EndpointUrlCallbackAnnotation>().Where(one => one.EndpointName == endpoint.EndpointName))
            {
                change.Callback(shown);
            }

            urls.Add(new UrlSnapshot(endpoint.EndpointName, Absolute(shown), IsInternal: false) { DisplayText = shown.DisplayText });
        }

        foreach (var added in resource.Annotations.OfType<ResourceUrlAnnotation>())
        {
            urls.Add(new UrlSnapshot(added.Endpoint?.EndpointName, Absolute(added), IsInternal: false) { DisplayText = added.DisplayText });
        }

        foreach (var deferred in resource.Annotations.OfType<DeferredUrlAnnotation>())
        {
            var url = await deferred.Url.GetValueAsync(cancellationToken);
            urls.Add(new UrlSnapshot(Name: null, url ?? "", IsInternal: false) { DisplayText = deferred.DisplayText });
        }

        return urls;
    }

    private static string Absolute(ResourceUrlAnnotation url) => url.Url.StartsWith('/') && url.Endpoint is { } endpoint ? endpoint.Url + url.Url : url.Url;
}
