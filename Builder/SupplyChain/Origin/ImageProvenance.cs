using Orrery.Builder.SupplyChain.Signing;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.SupplyChain.Origin;

/// <summary>Attaches to an image how it was built: signed where there is a key, else as a bare statement.</summary>
internal sealed class ImageProvenance(RegistryRepository repository)
{
    /// <summary>Where tools look for the kind of a statement without opening it.</summary>
    private const string KindAnnotation = "in-toto.io/predicate-type";

    /// <param name="key"><c>null</c>: nobody vouches for it.</param>
    public Task<OciDescriptor> AttachAsync(OciDescriptor image, BuildFacts build, SigningKey? key, CancellationToken cancellationToken)
    {
        var statement = Provenance.Write($"{repository.Name.Registry}/{repository.Name.Repository}", image.Digest, build);
        var (type, content) = key is null ? (Provenance.MediaType, statement) : (Envelope.MediaType, Envelope.Sign(Provenance.MediaType, statement, key).Write());
        return repository.Referrers.AttachAsync(
            image, type, type, content, new Dictionary<string, string> { [KindAnnotation] = Provenance.PredicateType }, cancellationToken);
    }
}
