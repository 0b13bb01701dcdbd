namespace Orrery.Gateway.ModelResolution;

/// <summary>A model that may answer.</summary>
/// <param name="Provider">The one provider that may serve it, where the name said so.</param>
internal readonly record struct WantedModel(ServedModel Model, string? Provider);

/// <summary>A name that leads nowhere in this request, and why; for explanations.</summary>
internal readonly record struct LeftOut(string Name, string Reason);
