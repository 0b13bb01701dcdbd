using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;

namespace Aspire.Hosting.Publishing;

/// <summary>Writes the graph as Aspire's manifest, which azd and aspirate read.</summary>
internal sealed class ManifestStep(DistributedApplicationExecutionContext execution) : IPublishStep
{
    private const string FileName = "aspire-manifest.json";

    public string Name => "publish-manifest";

    public async Task<string> RunAsync(DistributedApplicationModel model, string? outputPath, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(outputPath ?? FileName);
        if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            path = Path.Combine(path, FileName);
        }

        using var text = new MemoryStream();
        var count = await WriteAsync(model, path, text, cancellationToken);

        // Whole or not at all: a failure leaves an earlier manifest as it was.
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var draft = path + ".new";
        await File.WriteAllBytesAsync(draft, text.ToArray(), cancellationToken);
        File.Move(draft, path, overwrite: true);
        return FormattableString.Invariant($"Wrote {path} ({count} entries).");
    }

    /// <exception cref="DistributedApplicationException">Something cannot be written; the message lists everything.</exception>
    internal async Task<int> WriteAsync(DistributedApplicationModel model, string path, Stream stream, CancellationToken cancellationToken)
    {
        await using var json = new Utf8JsonWriter(stream, new() { Indented = true, NewLine = "\n" });
        var context = new ManifestPublishingContext(execution, path, json, cancellationToken);
        var entries = new ManifestEntries(context, model);
        json.WriteStartObject();
        json.WriteStartObject("resources");
        await entries.WriteAsync();
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        stream.WriteByte((byte)'\n');
        return context.References.Faults.Count == 0
            ? entries.Count
            : throw new DistributedApplicationException("The graph cannot be written as a manifest:\n" + string.Join('\n', context.References.Faults.Select(fault => "- " + fault)));
    }
}

/// <summary>The entries of a manifest: the graph's resources in their order, then what these refer to, then forms of values that need a name.</summary>
internal sealed class ManifestEntries(ManifestPublishingContext context, DistributedApplicationModel model)
{
    private readonly HashSet<string> _written = new(StringComparer.OrdinalIgnoreCase);

    public int Count => _written.Count;

    public async Task WriteAsync()
    {
        var references = context.References;
        references.LeftOut.UnionWith(model.Resources.Where(IsLeftOut).Select(resource => resource.Name));
        foreach (var resource in model.Resources.Where(resource => !IsLeftOut(resource)))
        {
            await WriteAsync(resource);
        }

        // Passwords that a server made for itself, and what these refer to in turn.
        for (var i = 0; i < references.Resources.Count; i++)
        {
            var resource = references.Resources.GetAt(i).Value;
            if (!_written.Contains(resource.Name) && !IsLeftOut(resource))
            {
                await WriteAsync(resource);
            }
        }

        foreach (var parameter in references.UriParameters.Values)
        {
            WriteUriForm(parameter);
        }

        foreach (var (name, expression) in references.Conditionals)
        {
            await WriteConditionalAsync(name, expression);
        }
    }

    // Aspire's compute environments have no entry; what is referred to by URL only has none either.
    private static bool IsLeftOut(IResource resource) => resource.IsExcludedFromPublish() || resource is KubernetesEnvironmentResource;

    private async Task WriteAsync(IResource resource)
    {
        _written.Add(resource.Name);
        var json = context.Writer;
        json.WriteStartObject(resource.Name);
        if (resource.TryGetLastAnnotation<ManifestPublishingCallbackAnnotation>(out var own) && own.Callback is not null)
        {
            await own.Callback(context);
        }
        else
        {
            await WriteContentAsync(resource);
        }

        json.WriteEndObject();
        if (resource is ParameterResource parameter && context.References.UriParameters.ContainsKey(parameter.Name))
        {
            WriteUriForm(parameter);
        }
    }

    private async Task WriteContentAsync(IResource resource)
    {
        switch (resource)
        {
            case ContainerResource container:
                await context.WriteContainerAsync(container);
                break;
            case ProjectResource project:
                context.Writer.WriteString("type", "project.v0");
                context.Writer.WriteString("path", context.GetManifestRelativePath(project.Annotations.OfType<IProjectMetadata>().Last().ProjectPath));
                await WriteProcessAsync(project);
                break;
            case ExecutableResource executable:
                context.Writer.WriteString("type", "executable.v0");
                context.WriteConnectionString(executable);
                context.Writer.WriteString("workingDirectory", context.GetManifestRelativePath(executable.WorkingDirectory));
                context.Writer.WriteString("command", executable.Command);
                await WriteProcessAsync(executable);
                break;
            case ParameterResource parameter:
                WriteParameter(parameter);
                break;
            case IResourceWithConnectionString:
                context.Writer.WriteString("type", "value.v0");
                context.WriteConnectionString(resource);
                break;
            default:
                context.Writer.WriteString("error", "This resource does not support generation in the manifest.");
                break;
        }
    }

    private async Task WriteProcessAsync(IResource resource)
    {
        await context.WriteCommandLineArgumentsAsync(resource);
        await context.WriteEnvironmentVariablesAsync(resource);
        context.WriteBindings(resource);
    }

    private void WriteParameter(ParameterResource parameter)
    {
        var json = context.Writer;
        json.WriteString("type", "parameter.v0");
        if (parameter.IsConnectionString)
        {
            json.WriteString("connectionString", parameter.ValueExpression);
        }

        json.WriteString("value", $"{{{parameter.Name}.inputs.value}}");
        json.WriteStartObject("inputs");
        json.WriteStartObject("value");
        json.WriteString("type", "string");
        if (parameter.Secret)
        {
            json.WriteBoolean("secret", true);
        }

        if (parameter.Default is not null)
        {
            json.WriteStartObject("default");
            parameter.Default.WriteToManifest(context);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteUriForm(ParameterResource parameter)
    {
        var name = parameter.Name + "-uri-encoded";
        if (_written.Add(name))
        {
            var json = context.Writer;
            json.WriteStartObject(name);
            json.WriteString("type", "annotated.string");
            json.WriteString("value", parameter.ValueExpression);
            json.WriteString("filter", StringFormat.Uri);
            json.WriteEndObject();
        }
    }

    // A manifest knows no conditions: what holds when it is written, holds. That must be known without any parameter's value.
    private async Task WriteConditionalAsync(string name, ReferenceExpression expression)
    {
        _written.Add(name);
        var json = context.Writer;
        json.WriteStartObject(name);
        json.WriteString("type", "value.v0");
        json.WriteString("connectionString", expression.Condition is EndpointReferenceExpression
            ? await ChosenAsync(expression)
            : throw new DistributedApplicationException(
                $"The condition {((IManifestExpressionProvider)expression.Condition!).ValueExpression} cannot be decided when the manifest is written: decide on the AppHost's configuration instead."));
        json.WriteEndObject();
    }

    private async Task<string> ChosenAsync(ReferenceExpression expression)
    {
        var value = await expression.Condition!.GetValueAsync(context.CancellationToken);
        var chosen = string.Equals(value, expression.MatchValue, StringComparison.OrdinalIgnoreCase) ? expression.WhenTrue! : expression.WhenFalse!;
        return chosen.ValueExpression;
    }
}
