using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Catalogue.Documents;
using Orrery.Catalogue.Documents.Shapes;
using Orrery.Contracts;

namespace Orrery.Tests.Catalogue.Pasted;

/// <summary>Pasted documents as the Catalogue reads them, without a store.</summary>
internal sealed record PastedReading(IReadOnlyList<DeclaredResource> Resources, IReadOnlyList<FieldError> Errors)
{
    public static PastedReading Of(string text, params string[] environment) => Of(text, new EnvironmentValues(environment));

    public static PastedReading Of(string text, EnvironmentValues environment)
    {
        var errors = new FieldErrorList();
        var resources = DocumentReader.Read(Encoding.UTF8.GetBytes(text), isJson: false, new DocumentContext("default") { Environment = environment }, errors);
        return new PastedReading(resources, errors.All);
    }

    public ModelProviderSpec Provider(string name) => (ModelProviderSpec)Find(ResourceKind.ModelProvider, name).Spec;

    public IReadOnlyDictionary<string, string> Secret(string name) => ((SecretSpec)Find(ResourceKind.Secret, name).Spec).Data;

    public RouteSpec Route(string name) => (RouteSpec)Find(ResourceKind.Route, name).Spec;

    public DeclaredResource Find(ResourceKind kind, string name) => Assert.Single(Resources, resource => resource.Definition.Kind == kind && resource.Metadata.Name == name);

    public IReadOnlyList<PastedNote> Notes => [.. Resources.Select(resource => resource.Pasted).OfType<PastedDocument>().Distinct().SelectMany(document => document.Notes)];

    /// <summary>Everything that was declared, for comparing two readings.</summary>
    public string Shown => new JsonArray([.. Resources.Select(resource => JsonSerializer.SerializeToNode(resource.Spec, resource.Definition.Spec)), .. Resources.Select(resource => JsonSerializer.SerializeToNode(resource.Metadata, ContractsJson.Default.ResourceMetadata))]).ToJsonString();

    /// <summary>Where the errors are, in the order of the text.</summary>
    public IReadOnlyList<string> Paths => [.. Errors.Select(error => error.Path)];

    public PastedReading WithoutErrors()
    {
        Assert.Empty(Errors);
        return this;
    }
}
