using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>A service that runs elsewhere and is only referred to.</summary>
public sealed class ExternalServiceResource : Resource
{
    /// <summary>A service at a fixed URL.</summary>
    public ExternalServiceResource(string name, Uri uri)
        : base(name)
    {
        if (!uri.IsAbsoluteUri || uri.AbsolutePath != "/")
        {
            throw new ArgumentException($"The URL '{uri}' of external service '{name}' must be absolute and without a path.", nameof(uri));
        }

        Uri = uri;
    }

    /// <summary>A service whose URL is a parameter.</summary>
    public ExternalServiceResource(string name, ParameterResource urlParameter)
        : base(name) => UrlParameter = urlParameter;

    /// <summary>The URL, when it is fixed.</summary>
    public Uri? Uri { get; }

    /// <summary>The parameter that holds the URL otherwise.</summary>
    public ParameterResource? UrlParameter { get; }

    internal ReferenceExpression UrlExpression =>
        UrlParameter is null ? ReferenceExpression.Create($"{Uri!.ToString()}") : ReferenceExpression.Create($"{UrlParameter}");
}
