using System.Globalization;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>Writes a whole manifest: every resource of the graph, then what they refer to.</summary>
internal sealed class ManifestWriter(ManifestPublishingContext context)
{
    private readonly Utf8JsonWriter _json = context.Writer;
    private readonly ManifestEntries _write = new(context);
    private readonly HashSet<string> _entries = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<IResource> _unwritable = [];
    private readonly HashSet<ParameterResource> _encoded = [];
    private readonly List<string> _mistakes = context.Mistakes ??= [];

    /// <returns>How many entries there are.</returns>
    /// <exception cref="DistributedApplicationException">The graph has mistakes; all of them are listed.</exception>
    public async Task<int> WriteAsync(DistributedApplicationModel model)
    {
        Begin();
        foreach (var resource in model.Resources)
        {
            await WriteResourceAsync(resource);
        }

        // What is referred to without being in the graph, as generated passwords are; writing one may add others.
        var names = model.Resources.Select(one => one.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < context.References.Resources.Count; i++)
        {
            if (context.References.Resources[i].Resource is var resource && names.Add(resource.Name))
            {
                await WriteResourceAsync(resource);
            }
        }

        foreach (var parameter in context.References.Encoded)
        {
            WriteEncoded(parameter);
        }

        foreach (var (name, expression) in context.References.Conditional)
        {
            await WriteConditionalAsync(name, expression);
        }

        CheckReferences();
        _json.WriteEndObject();
        _json.WriteEndObject();
        return _mistakes.Count == 0 ? _entries.Count : throw Mistaken();
    }

    private void Begin()
    {
        _json.WriteStartObject();
        _json.WriteStartObject("resources");
    }

    private async Task WriteResourceAsync(IResource resource)
    {
        if (IsLeftOut(resource))
        {
            return;
        }

        var isCustom = resource.TryGetLastAnnotation<ManifestPublishingCallbackAnnotation>(out var custom);
        context.Current = resource;
        await WriteEntryAsync(resource.Name, () => resource switch
        {
            _ when isCustom => custom!.Callback!(context),
            ContainerResource container => context.WriteContainerAsync(container),
            ProjectResource project => _write.ProjectAsync(project),
            ExecutableResource executable => _write.ExecutableAsync(executable),
            ParameterResource parameter => _write.ParameterAsync(parameter),
            IResourceWithConnectionString value => _write.ValueAsync(value),
            _ => WriteUnknownAsync(resource),
        });
        context.Current = null;
        if (resource is ParameterResource written && context.References.Encoded.Contains(written))
        {
            WriteEncoded(written);
        }
    }

    private async Task WriteEntryAsync(string name, Func<Task> write)
    {
        if (!_entries.Add(name))
        {
            context.Report($"Two entries of the manifest would be called '{name}': give the resource of this name another one.");
        }

        try
        {
            _json.WriteStartObject(name);
            await write();
            _json.WriteEndObject();
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            context.Report($"Resource '{name}' cannot be written: {error.Message}", error);

            // Nothing is kept of this manifest, but the rest of the graph is still looked through; the object that broke off cannot be closed.
            _json.Reset();
            Begin();
        }
    }

    private Task WriteUnknownAsync(IResource resource)
    {
        _unwritable.Add(resource);
        _json.WriteString("error", "This resource does not support generation in the manifest.");
        return Task.CompletedTask;
    }

    private void WriteEncoded(ParameterResource parameter)
    {
        var name = $"{parameter.Name}-{StringFormat.Uri}-encoded";
        if (!_encoded.Add(parameter))
        {
            return;
        }

        if (!_entries.Add(name))
        {
            context.Report($"The manifest needs the name '{name}' for the encoded form of parameter '{parameter.Name}': give the resource of this name another one.");
        }

        _json.WriteStartObject(name);
        _json.WriteString("type", "annotated.string");
        _json.WriteString("value", parameter.ValueExpression);
        _json.WriteString("filter", StringFormat.Uri);
        _json.WriteEndObject();
    }

    private Task WriteConditionalAsync(string name, ReferenceExpression expression) => WriteEntryAsync(name, async () =>
    {
        _json.WriteString("type", "value.v0");
        _json.WriteString("connectionString", await ChosenAsync(expression) is { } chosen ? chosen.ValueExpression : "");
    });

    /// <summary>A manifest is the same whatever a parameter will be, and never holds the value of one: a condition can only be about the graph itself.</summary>
    private async Task<ReferenceExpression?> ChosenAsync(ReferenceExpression expression)
    {
        if (ParameterIn(expression.Condition!) is { } parameter)
        {
            context.Report($"A text depends on parameter '{parameter.Name}', whose value is not known when the manifest is written: "
                + "decide in the AppHost, or hand the parameter itself on.");
            return null;
        }

        var value = await expression.Condition!.GetValueAsync(
            new ValueProviderContext { ExecutionContext = context.ExecutionContext }, context.CancellationToken);
        return string.Equals(value, expression.MatchValue, StringComparison.OrdinalIgnoreCase) ? expression.WhenTrue : expression.WhenFalse;
    }

    private static ParameterResource? ParameterIn(object value) => value switch
    {
        ParameterResource parameter => parameter,
        EndpointReference or EndpointReferenceExpression => null,
        IValueWithReferences composed => composed.References.Select(ParameterIn).FirstOrDefault(one => one is not null),
        _ => null,
    };

    private void CheckReferences()
    {
        foreach (var (resource, by) in context.References.Resources)
        {
            if (IsLeftOut(resource))
            {
                context.Report($"Resource '{by}' refers to '{resource.Name}', which is left out of the manifest: "
                    + $"do not exclude '{resource.Name}', or leave the reference out of '{by}' when it is published.");
            }
            else if (_unwritable.Contains(resource))
            {
                context.Report($"Resource '{by}' refers to '{resource.Name}', a {resource.GetType().Name}, which has no form in a manifest: "
                    + $"give '{resource.Name}' a ManifestPublishingCallbackAnnotation that writes it.");
            }
        }
    }

    private static bool IsLeftOut(IResource resource) => resource is IComputeEnvironmentResource || resource.IsExcludedFromPublish();

    private DistributedApplicationException Mistaken() => new(_mistakes.Count == 1
        ? _mistakes[0]
        : string.Create(CultureInfo.InvariantCulture, $"The graph cannot be written as a manifest; {_mistakes.Count} mistakes:\n- {string.Join("\n- ", _mistakes)}"));
}
