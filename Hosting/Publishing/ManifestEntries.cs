using System.Text.Json;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Publishing;

/// <summary>Writes what each kind of resource has in its entry; a container's is <see cref="ManifestPublishingContext.WriteContainerAsync"/>.</summary>
internal sealed class ManifestEntries(ManifestPublishingContext context)
{
    private readonly Utf8JsonWriter _json = context.Writer;

    public async Task ProjectAsync(ProjectResource project)
    {
        if (!project.TryGetLastAnnotation<IProjectMetadata>(out var metadata))
        {
            context.Report($"Project '{project.Name}' has no project file: add it with AddProject.");
        }

        _json.WriteString("type", "project.v0");
        _json.WriteString("path", context.GetManifestRelativePath(metadata?.ProjectPath));
        await context.WriteCommandLineArgumentsAsync(project);
        await context.WriteEnvironmentVariablesAsync(project);
        context.WriteBindings(project);
    }

    public async Task ExecutableAsync(ExecutableResource executable)
    {
        _json.WriteString("type", "executable.v0");
        context.WriteConnectionString(executable);
        _json.WriteString("workingDirectory", context.GetManifestRelativePath(executable.WorkingDirectory));
        _json.WriteString("command", executable.Command);
        await context.WriteCommandLineArgumentsAsync(executable);
        await context.WriteEnvironmentVariablesAsync(executable);
        context.WriteBindings(executable);
    }

    public Task ParameterAsync(ParameterResource parameter)
    {
        _json.WriteString("type", "parameter.v0");
        if (parameter.IsConnectionString)
        {
            _json.WriteString("connectionString", parameter.ValueExpression);
        }

        _json.WriteString("value", $"{{{parameter.Name}.inputs.value}}");
        _json.WriteStartObject("inputs");
        _json.WriteStartObject("value");
        _json.WriteString("type", "string");
        if (parameter.Secret)
        {
            _json.WriteBoolean("secret", true);
        }

        if (parameter.Default is { } fallback)
        {
            _json.WriteStartObject("default");
            fallback.WriteToManifest(context);
            _json.WriteEndObject();
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
        return Task.CompletedTask;
    }

    public Task ValueAsync(IResourceWithConnectionString resource)
    {
        _json.WriteString("type", "value.v0");
        context.WriteConnectionString(resource);
        return Task.CompletedTask;
    }
}
