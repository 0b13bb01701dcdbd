using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orrery.Contracts;

namespace Orrery.Catalogue.Documents.Shapes;

/// <summary>What the shapes of providers have in common: a ModelProvider, and Secrets for what must not be read in it.</summary>
internal sealed partial class ProviderDraft
{
    /// <summary>In place of an address that is refused, so that the rules can look at the rest.</summary>
    private const string Unreadable = "http://unreadable.invalid";

    private readonly PastedDocument _document;
    private readonly string _idPath;
    private readonly ResourceDraft _draft;
    private readonly JsonObject _aboutModels = [];
    private readonly List<string> _denied = [];
    private ResourceDraft? _headerSecret;
    private int _models;

    /// <param name="path">Where the provider stands.</param>
    /// <param name="idPath">Where its name does.</param>
    public ProviderDraft(PastedDocument document, string id, string path, string idPath)
    {
        (_document, _idPath, Name) = (document, idPath, PastedNames.Of(id));
        _draft = document.Add(ResourceKind.ModelProvider, Name, path, idPath);
        if (Name.Length == 0)
        {
            document.Refuse(idPath, id, FieldRules.NameExpectation, "A provider's name here is made of it.");
        }
    }

    public string Name { get; }

    public void Put(string from, object? value, params ReadOnlySpan<object> path) => _draft.Put(_document.At(from), value, path);

    /// <summary>The server's address, or its absence, which the contract's rules speak of.</summary>
    public void PutAddress(string from, string? url, params ReadOnlySpan<object> path)
    {
        Put(from, url is null ? null : PastedText.Read(_document, from, url, mayBeSecret: false)?.Value ?? Unreadable, path);
    }

    /// <summary>Other names of the provider: the pasted one, where it cannot be the resource's, and those that are given.</summary>
    public void PutAliases(string id, string idPath, IReadOnlyList<string>? aliases, string aliasesPath)
    {
        var names = new List<(string Alias, string From)>();
        if (id != Name && PastedNames.IsAlias(id))
        {
            names.Add((id, idPath));
        }
        else if (id != Name)
        {
            _document.Note(idPath, $"'{id}' is called '{Name}' here.");
        }

        names.AddRange((aliases ?? []).Select((alias, i) => (alias, $"{aliasesPath}[{i}]")));
        var distinct = names.Where(entry => entry.Alias != Name).DistinctBy(entry => entry.Alias).ToList();
        for (var i = 0; i < distinct.Count; i++)
        {
            Put(distinct[i].From, distinct[i].Alias, "spec", "aliases", i);
        }
    }

    /// <summary>Keys as Secrets: those that are references stay so, the others become a Secret of the provider's own.</summary>
    public void PutKeys(string keysPath, IReadOnlyList<(string Path, string Text)> keys)
    {
        var references = new List<(SecretKeyReference Reference, string Path)>();
        ResourceDraft? secret = null;
        var name = PastedNames.Of(Name, "-api-keys");
        for (var i = 0; i < keys.Count; i++)
        {
            var (path, written) = keys[i];
            var text = PastedText.Read(_document, path, written) ?? new PastedText("", new SecretKeyReference("unreadable", "unreadable"));
            if (text.Secret is { } reference)
            {
                references.Add((reference, path));
                continue;
            }

            if (text.Value.Length == 0)
            {
                _document.Refuse(path, null, "a key that is not empty", "Leave it out where the server wants none.");
                continue;
            }

            var key = string.Create(CultureInfo.InvariantCulture, $"key-{i + 1}");
            secret ??= _document.Add(ResourceKind.Secret, name, keysPath, _idPath);
            secret.Put(_document.At(path), text.Value, "spec", "data", key);
            references.Add((new SecretKeyReference(name, key), path));
        }

        for (var i = 0; i < references.Count; i++)
        {
            var (reference, path) = references[i];
            ReadOnlySpan<object> place = references.Count == 1 ? ["spec", "apiKeySecretRef"] : ["spec", "apiKeySecretRefs", i];
            Put(path, reference.Name, [.. place, "name"]);
            Put(path, reference.Key, [.. place, "key"]);
        }
    }

    /// <summary>A header: in a Secret where its name or its value says that it is one.</summary>
    public void PutHeader(string from, string header, string written)
    {
        if (PastedText.Read(_document, from, written) is not { } text)
        {
            return;
        }

        var reference = text.Secret;
        if (reference is null && (text.IsFromEnvironment || RequestHeaders.IsCredential(header) || SecretName.IsMatch(header)))
        {
            var (name, key) = (PastedNames.Of(Name, "-headers"), NoKey.Replace(header, "_"));
            _headerSecret ??= _document.Add(ResourceKind.Secret, name, from, _idPath);
            _headerSecret.Put(_document.At(from), text.Value, "spec", "data", key);
            reference = new SecretKeyReference(name, key);
        }

        if (reference is null)
        {
            Put(from, text.Value, "spec", "headers", header);
            return;
        }

        Put(from, reference.Name, "spec", "secretHeaders", header, "name");
        Put(from, reference.Key, "spec", "secretHeaders", header, "key");
    }

    /// <summary>A model under its id and under each of its other ids.</summary>
    /// <param name="fields">Its fields here, each with where it comes from.</param>
    /// <param name="about">What is kept of it and decides nothing.</param>
    public void PutModel(string path, string id, IReadOnlyList<string>? aliases, string aliasesPath, bool isDisabled, IReadOnlyList<(string Field, object? Value, string From)> fields, JsonObject about)
    {
        List<(string Id, string From)> ids = [(id, path + ".id"), .. (aliases ?? []).Select((alias, i) => (alias, $"{aliasesPath}[{i}]")).Where(entry => entry.alias != id)];
        foreach (var (named, from) in ids)
        {
            var index = _models++;
            _draft.Paths.Add($"spec.models[{index.ToString(CultureInfo.InvariantCulture)}]", _document.At(path).Path);
            Put(from, named, "spec", "models", index, "id");
            if (named != id)
            {
                Put(path + ".id", id, "spec", "models", index, "upstreamId");
            }

            foreach (var (field, value, origin) in fields)
            {
                Put(origin, value, "spec", "models", index, field);
            }

            if (isDisabled)
            {
                _denied.Add(named);
                Put(from, named, "spec", "deniedModels", _denied.Count - 1);
            }
        }

        if (about.Count > 0)
        {
            _aboutModels[id] = about;
        }
    }

    /// <summary>Text about the provider that decides nothing here.</summary>
    public void PutAnnotation(string from, string name, JsonNode? value)
    {
        if (value is not null)
        {
            Put(from, value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString(), "metadata", "annotations", "orrery.dev/" + name);
        }
    }

    /// <summary>When all models are known.</summary>
    public void End(string modelsPath)
    {
        if (_aboutModels.Count > 0)
        {
            PutAnnotation(modelsPath, "models", _aboutModels);
        }
    }

    [GeneratedRegex("token|secret|password|credential|(^|[-_])key$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName { get; }

    [GeneratedRegex("[^A-Za-z0-9._-]")]
    private static partial Regex NoKey { get; }
}
