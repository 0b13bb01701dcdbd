using YamlDotNet.Core;

namespace Orrery.Tests.Kubernetes;

/// <summary>One object that Helm rendered, with the template that it came from.</summary>
internal sealed class Document
{
    private Document(string template, Node? root)
    {
        Template = template;
        Root = new Field(root, "");
    }

    public string Template { get; }

    public Field Root { get; }

    public Field this[string name] => Root[name];

    public string ApiVersion => Root["apiVersion"].Text ?? "";

    public string Kind => Root["kind"].Text ?? "";

    public string Name => Root["metadata"]["name"].Text ?? "";

    /// <summary>Empty: the release's namespace.</summary>
    public string Namespace => Root["metadata"]["namespace"].Text ?? "";

    /// <summary><c>Kind/name</c>, by which options and messages call the object.</summary>
    public string Id => $"{Kind}/{Name}";

    /// <summary>The API group; empty for the core group.</summary>
    public string Group => ApiVersion.Contains('/', StringComparison.Ordinal) ? ApiVersion[..ApiVersion.IndexOf('/', StringComparison.Ordinal)] : "";

    /// <exception cref="InvalidOperationException">The text is no YAML; the message names the template and the line.</exception>
    public static Document Parse(string template, string text)
    {
        try
        {
            return new Document(template, NodeReader.Read(text));
        }
        catch (YamlException error)
        {
            throw new InvalidOperationException($"{template}, line {error.Start.Line} of the document: {error.Message}\n{text}", error);
        }
    }

    /// <summary>Several documents with <c>---</c> between them, as if one template had rendered them.</summary>
    public static IReadOnlyList<Document> ParseAll(string template, string text) =>
        [.. text.ReplaceLineEndings("\n").Split("\n---\n").Select(part => Parse(template, part)).Where(document => !document.Root.IsEmpty)];

    public Finding Find(Field field, string expected) => new(Template, Id, field.Path, field.Summary, expected);

    public override string ToString() => $"{Template}: {Id}";
}
