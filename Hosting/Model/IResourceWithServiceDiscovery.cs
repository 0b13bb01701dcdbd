using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>A resource whose endpoints other resources find by name (<c>services__{name}__{scheme}__{n}</c>).</summary>
public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;
