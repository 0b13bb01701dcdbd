using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Adds values that whoever runs or deploys the graph supplies.</summary>
/// <remarks>
/// A value is read from <c>Parameters:{name}</c>: the environment variable <c>Parameters__first-key</c> or, where a shell has no hyphens,
/// <c>Parameters__first_key</c>.
/// </remarks>
public static class ParameterResourceBuilderExtensions
{
    /// <summary>Adds a parameter that must be configured.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, bool secret = false) =>
        builder.AddResource(CreateParameter(builder, name, secret));

    /// <summary>Adds a parameter that is <paramref name="value"/> unless configured.</summary>
    /// <exception cref="ArgumentException">A secret is to be published as a default.</exception>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder,
        string name,
        string value,
        bool publishValueAsDefault = false,
        bool secret = false) => builder.AddParameter(name, () => value, publishValueAsDefault, secret);

    /// <summary>Adds a parameter that is what <paramref name="valueGetter"/> returns unless configured.</summary>
    /// <exception cref="ArgumentException">A secret is to be published as a default.</exception>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder,
        string name,
        Func<string> valueGetter,
        bool publishValueAsDefault = false,
        bool secret = false)
    {
        if (publishValueAsDefault && secret)
        {
            throw new ArgumentException($"Parameter '{name}' is secret: its value cannot be published as a default.", nameof(secret));
        }

        var fallback = new ConstantParameterDefault(valueGetter);
        var parameter = new ParameterResource(name, found => Values(builder).Find(name, $"Parameters:{name}", found ?? fallback), secret);
        parameter.Default = publishValueAsDefault ? fallback : null;
        return builder.AddResource(parameter);
    }

    /// <summary>Adds a parameter with a default.</summary>
    /// <param name="builder">The graph.</param>
    /// <param name="name">The parameter's name.</param>
    /// <param name="value">Its default; a generated one is remembered in the state directory.</param>
    /// <param name="secret">Whether the value must not be shown.</param>
    /// <param name="persist">Whether any other kind of default is remembered as well.</param>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder,
        string name,
        ParameterDefault value,
        bool secret = false,
        bool persist = false)
    {
        var parameter = CreateParameter(builder, name, secret);
        parameter.Default = persist && value is not GenerateParameterDefault ? new PersistedParameterDefault(value) : value;
        return builder.AddResource(parameter);
    }

    /// <summary>Adds a parameter that is read from another configuration key.</summary>
    public static IResourceBuilder<ParameterResource> AddParameterFromConfiguration(
        this IDistributedApplicationBuilder builder,
        string name,
        string configurationKey,
        bool secret = false) => builder.AddResource(
            new ParameterResource(name, fallback => Values(builder).Find(name, configurationKey, fallback), secret, configurationKey));

    /// <summary>Adds a connection string that must be configured in <c>ConnectionStrings:{name}</c>.</summary>
    /// <param name="builder">The graph.</param>
    /// <param name="name">The connection string's name.</param>
    /// <param name="environmentVariableName">The variable that consumers get it in, instead of <c>ConnectionStrings__{name}</c>.</param>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(
        this IDistributedApplicationBuilder builder,
        string name,
        string? environmentVariableName = null) => builder.AddResource(new ConnectionStringParameterResource(
            name,
            fallback => Values(builder).Find(name, $"ConnectionStrings:{name}", fallback),
            environmentVariableName));

    /// <summary>Says what the parameter is for.</summary>
    public static IResourceBuilder<ParameterResource> WithDescription(
        this IResourceBuilder<ParameterResource> builder,
        string description,
        bool enableMarkdown = false)
    {
        builder.Resource.Description = description;
        builder.Resource.EnableDescriptionMarkdown = enableMarkdown;
        return builder;
    }

    /// <summary>A secret of at least 22 characters that is generated once and remembered; not added to the graph.</summary>
    public static ParameterResource CreateDefaultPasswordParameter(
        IDistributedApplicationBuilder builder,
        string name,
        bool lower = true,
        bool upper = true,
        bool numeric = true,
        bool special = true,
        int minLower = 0,
        int minUpper = 0,
        int minNumeric = 0,
        int minSpecial = 0) => CreateGeneratedParameter(builder, name, secret: true, new GenerateParameterDefault
        {
            Lower = lower,
            Upper = upper,
            Numeric = numeric,
            Special = special,
            MinLower = minLower,
            MinUpper = minUpper,
            MinNumeric = minNumeric,
            MinSpecial = minSpecial,
        });

    /// <summary>A parameter that is generated once and remembered; not added to the graph.</summary>
    public static ParameterResource CreateGeneratedParameter(
        IDistributedApplicationBuilder builder,
        string name,
        bool secret,
        GenerateParameterDefault parameterDefault)
    {
        var parameter = CreateParameter(builder, name, secret);
        parameter.Default = parameterDefault;
        return parameter;
    }

    /// <summary>A parameter that must be configured; not added to the graph.</summary>
    public static ParameterResource CreateParameter(IDistributedApplicationBuilder builder, string name, bool secret) =>
        new(name, fallback => Values(builder).Find(name, $"Parameters:{name}", fallback), secret);

    private static ParameterValues Values(IDistributedApplicationBuilder builder) =>
        new(builder.Configuration, new SecretFile(StateDirectory.Of(builder)), builder.ExecutionContext.IsRunMode);
}
