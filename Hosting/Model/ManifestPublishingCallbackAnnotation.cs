namespace Aspire.Hosting.ApplicationModel;

/// <summary>Whether a resource takes part in what is published.</summary>
/// <remarks>The bundled host publishes nothing yet, so of the real annotation only <see cref="Ignore"/> is here.</remarks>
public class ManifestPublishingCallbackAnnotation : IResourceAnnotation
{
    private ManifestPublishingCallbackAnnotation()
    {
    }

    /// <summary>Leaves the resource out of everything that is published.</summary>
    public static ManifestPublishingCallbackAnnotation Ignore { get; } = new();

    /// <summary>Null: left out.</summary>
    internal Delegate? Callback => null;
}
