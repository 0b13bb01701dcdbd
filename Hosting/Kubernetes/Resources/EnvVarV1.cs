namespace Aspire.Hosting.Kubernetes.Resources;

/// <summary>A variable.</summary>
public sealed class EnvVarV1
{
    /// <summary>Its name.</summary>
    public string Name { get; set; } = null!;

    /// <summary>Its value; <c>$(NAME)</c> stands for an earlier variable.</summary>
    public string Value { get; set; } = null!;

    /// <summary>Where its value comes from otherwise.</summary>
    public EnvVarSourceV1? ValueFrom { get; set; }
}

/// <summary>Where the value of a variable comes from.</summary>
public sealed class EnvVarSourceV1
{
    /// <summary>A field of the pod.</summary>
    public ObjectFieldSelectorV1? FieldRef { get; set; }

    /// <summary>A key of a Secret.</summary>
    public SecretKeySelectorV1? SecretKeyRef { get; set; }
}

/// <summary>A field of the pod.</summary>
public sealed class ObjectFieldSelectorV1
{
    /// <summary>For example <c>metadata.name</c>.</summary>
    public string FieldPath { get; set; } = null!;
}

/// <summary>A key of a Secret.</summary>
public sealed class SecretKeySelectorV1
{
    /// <summary>The Secret.</summary>
    public string Name { get; set; } = null!;

    /// <summary>The key.</summary>
    public string Key { get; set; } = null!;
}

/// <summary>All keys of an object as variables.</summary>
public sealed class EnvFromSourceV1
{
    /// <summary>A ConfigMap.</summary>
    public ConfigMapEnvSourceV1? ConfigMapRef { get; set; }
}

/// <summary>All keys of a ConfigMap.</summary>
public sealed class ConfigMapEnvSourceV1
{
    /// <summary>The ConfigMap.</summary>
    public string Name { get; set; } = null!;
}
