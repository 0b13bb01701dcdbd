namespace Orrery.Tests.Hosting.Surface;

/// <summary>Writes the table's types as C#, with full names; collects those that the table only mentions.</summary>
/// <param name="types">What the table declares.</param>
internal sealed class ReferenceNames(IEnumerable<AspireType> types)
{
    private const string Model = "Aspire.Hosting.ApplicationModel";
    private const string Kubernetes = "Aspire.Hosting.Kubernetes.Resources";

    private static readonly Dictionary<string, string> Short = new()
    {
        ["RB"] = "IResourceBuilder",
        ["CT"] = "CancellationToken",
        ["$\"…\"handler"] = "ReferenceExpression.ExpressionInterpolatedStringHandler",
    };

    private static readonly HashSet<string> Keywords =
        ["bool", "byte", "char", "decimal", "double", "float", "int", "long", "object", "short", "string", "void", "class", "struct", "new()"];

    private readonly Dictionary<(string Name, int Arguments), string> _declared = types.ToDictionary(
        type => (Full(TypeText.Parse(type.Name).Name), TypeText.Parse(type.Name).Arguments.Count), type => type.Namespace);

    private readonly SortedDictionary<string, Mentioned> _mentioned = new(StringComparer.Ordinal);

    /// <summary>A type that rows name and no section declares.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Arguments">How many type arguments it takes.</param>
    /// <param name="Values">Values that defaults name, which make it an enum.</param>
    public sealed record Mentioned(string Name, int Arguments, SortedSet<string> Values)
    {
        /// <summary>Set once a row speaks of its builder.</summary>
        public bool IsResource { get; set; }

        public bool IsInterface => Name.Length > 1 && Name[0] == 'I' && char.IsUpper(Name[1]);

        public string Namespace => Name.EndsWith("V1", StringComparison.Ordinal) || Name.EndsWith("v1", StringComparison.Ordinal) ? Kubernetes : Model;
    }

    public IEnumerable<Mentioned> OnlyMentioned => _mentioned.Values;

    /// <summary>The C# name of a type, without its namespace.</summary>
    public static string Full(string name) => Short.GetValueOrDefault(name, name);

    /// <summary>Writes <paramref name="type"/>; the names in <paramref name="scope"/> are type parameters, each with what it stands for.</summary>
    public string Write(TypeText type, IReadOnlyDictionary<string, string> scope)
    {
        if (scope.TryGetValue(type.Name, out var parameter))
        {
            return parameter + type.Suffix;
        }

        var name = Full(type.Name);
        var arguments = type.Arguments.Count > 0 ? $"<{string.Join(", ", type.Arguments.Select(argument => Write(argument, scope)))}>" : "";
        var space = Keywords.Contains(name) ? "" : $"global::{Namespace(name, type.Arguments.Count)}.";
        if (type.Name == "RB" && _mentioned.TryGetValue(type.Arguments[0].Name, out var mentioned))
        {
            mentioned.IsResource = true;
        }

        return space + name + arguments + type.Suffix;
    }

    /// <summary>Writes a default value of <paramref name="type"/>.</summary>
    public string Default(TypeText type, string value)
    {
        if (value == "null")
        {
            return "default";
        }

        if (value is "true" or "false" || value[0] is '"' or '-' || char.IsAsciiDigit(value[0]))
        {
            return value;
        }

        var name = Write(type with { Suffix = "" }, new Dictionary<string, string>());
        if (_mentioned.TryGetValue(type.Name, out var mentioned))
        {
            mentioned.Values.Add(value);
        }

        return $"{name}.{value}";
    }

    /// <summary>Whether the type is a class of Aspire's, declared or only mentioned.</summary>
    public bool IsAspireClass(AspireTable table, TypeText type) =>
        table.Find(type.Name) is { } found ? found.Kind != "interface" : _mentioned.TryGetValue(type.Name, out var mentioned) && !mentioned.IsInterface;

    private string Namespace(string name, int arguments)
    {
        if (name == Short["$\"…\"handler"])
        {
            return Model;
        }

        if (_declared.TryGetValue((name, arguments), out var space))
        {
            return space;
        }

        if (FrameworkTypes.Find(name, arguments) is { } framework)
        {
            return framework[..framework.LastIndexOf('.')];
        }

        var key = arguments > 0 ? $"{name}`{arguments}" : name;
        if (!_mentioned.TryGetValue(key, out var mentioned))
        {
            _mentioned.Add(key, mentioned = new Mentioned(name, arguments, []));
        }

        return mentioned.Namespace;
    }
}
