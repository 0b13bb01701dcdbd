using System.Collections.Concurrent;
using Orrery.Contracts;
using Orrery.WebConsole.Stores;

namespace Orrery.WebConsole.Resources;

/// <summary>The running graph as it was last heard of.</summary>
internal sealed class ResourceBook
{
    private readonly ConcurrentDictionary<string, RunningResource> _resources = new(StringComparer.Ordinal);

    public ChangeSignal Changes { get; } = new();

    /// <summary>Why what is known may be old; <c>null</c> while the feed is heard.</summary>
    public string? Trouble { get; private set; } = "The graph has not been heard yet.";

    /// <summary>Every copy, resources of one name together, in the order of their names.</summary>
    public IReadOnlyList<RunningResource> All => [.. _resources.Values.OrderBy(one => one.Name, StringComparer.Ordinal).ThenBy(one => one.Id, StringComparer.Ordinal)];

    public RunningResource? Find(string id) => _resources.GetValueOrDefault(id);

    /// <param name="resources">What has changed.</param>
    /// <param name="isWhole">It is all there is: what is not among it is gone.</param>
    public void Update(IReadOnlyList<RunningResource> resources, bool isWhole = false)
    {
        if (isWhole)
        {
            var present = resources.Select(resource => resource.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var gone in _resources.Keys.Where(id => !present.Contains(id)))
            {
                _resources.TryRemove(gone, out _);
            }
        }

        foreach (var resource in resources)
        {
            _resources[resource.Id] = resource;
        }

        Changes.Set();
    }

    public void Heard() => Report(null);

    public void Lost(string trouble) => Report(trouble);

    private void Report(string? trouble)
    {
        if (Trouble != trouble)
        {
            Trouble = trouble;
            Changes.Set();
        }
    }
}
