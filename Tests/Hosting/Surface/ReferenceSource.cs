using System.Globalization;
using System.Text;

namespace Orrery.Tests.Hosting.Surface;

/// <summary>
/// Writes the member table as C# that compiles: every type and member declared, none implemented, so that the AppHost can be compiled
/// against Aspire's public API where its packages do not restore. Types that the table only mentions are empty: whoever needs a member
/// of one gets an error. What the table does not say is taken the strict way: nothing is virtual but what a derived type's section repeats.
/// </summary>
/// <param name="table">All of the API.</param>
/// <param name="types">Its types in one release.</param>
internal sealed class ReferenceSource(AspireTable table, IReadOnlyList<AspireType> types)
{
    /// <summary>What the table says in prose and this class in code.</summary>
    public static readonly IReadOnlyList<string> Rules =
    [
        "IProjectMetadata.{LaunchSettings, SuppressBuild(false), IsFileBasedApp}",
        "IValueProvider.GetValueAsync(ValueProviderContext,CT)",
        "IResourceWithConnectionString.{GetConnectionStringAsync, ConnectionStringEnvironmentVariable(null), GetConnectionProperties(empty)}",
        "its explicit IManifestExpressionProvider.ValueExpression (\"{name.connectionString}\"), IValueProvider, IValueWithReferences",
        "RB.WithAnnotation<TAnnotation>() (new())",
        "IDistributedApplicationBuilder.{FileSystemService,UserSecretsManager}; IResourceCollection.TryGetByName",
        "RB<out T> is covariant",
        "WithCommand(..., CommandOptions?) carries [OverloadResolutionPriority(1)]",
    ];

    private const string Throw = "=> throw null!;";
    private const string Handler = "$\"…\"handler";
    private static readonly Dictionary<string, string> NoScope = [];

    private static readonly Dictionary<string, string> FrameworkInterfaces = new()
    {
        ["IDisposable"] = "void System.IDisposable.Dispose() => throw null!;",
        ["IAsyncDisposable"] = "System.Threading.Tasks.ValueTask System.IAsyncDisposable.DisposeAsync() => throw null!;",
        ["IHost"] =
            """
            System.IServiceProvider Microsoft.Extensions.Hosting.IHost.Services => throw null!;
            System.Threading.Tasks.Task Microsoft.Extensions.Hosting.IHost.StartAsync(System.Threading.CancellationToken cancellationToken) => throw null!;
            System.Threading.Tasks.Task Microsoft.Extensions.Hosting.IHost.StopAsync(System.Threading.CancellationToken cancellationToken) => throw null!;
            """,
    };

    private readonly ReferenceNames _names = new(types);
    private readonly Dictionary<string, AspireType> _declared = types.ToDictionary(type => type.Name, StringComparer.Ordinal);
    private readonly StringBuilder _text = new();

    public string Write()
    {
        Line("#nullable enable\n#pragma warning disable");
        Line("namespace Reference { internal sealed class Nothing; }");
        foreach (var type in types.Where(type => type.Name != Handler))
        {
            Line($"namespace {type.Namespace} {{");
            Declare(type);
            Line("}");
        }

        foreach (var mentioned in _names.OnlyMentioned.ToList())
        {
            Line($"namespace {mentioned.Namespace} {{ {Placeholder(mentioned)} }}");
        }

        return _text.ToString();
    }

    private static string Placeholder(ReferenceNames.Mentioned type)
    {
        var name = type.Name + (type.Arguments > 0 ? $"<{string.Join(", ", Enumerable.Range(1, type.Arguments).Select(i => $"T{i}"))}>" : "");
        const string model = "global::Aspire.Hosting.ApplicationModel.";
        var isResource = type.IsResource || type.Name.StartsWith("IResourceWith", StringComparison.Ordinal);
        var constructor = $"internal {type.Name}(global::Reference.Nothing nothing)";
        return type switch
        {
            { Values.Count: > 0 } => $"public enum {name} {{ {string.Join(", ", type.Values)} }}",
            { IsInterface: true } => $"public interface {name}{(isResource ? $" : {model}IResource" : "")};",
            { IsResource: true } => $"public class {name} : {model}Resource {{ {constructor} : base(nothing) {Throw} }}",
            _ => $"public class {name} {{ {constructor} {Throw} }}",
        };
    }

    private void Declare(AspireType type)
    {
        var shape = TypeText.Parse(type.Name);
        var name = ReferenceNames.Full(shape.Name);
        var parameters = shape.Arguments.ToDictionary(argument => argument.Name, argument => argument.Name);
        var bases = type.Bases.Select(TypeText.Parse).Where(face => !IsOwnEquality(type, face)).ToList();

        Attributes(type.Mark, obsolete: false);
        if (type.Kind == "enum")
        {
            Line($"public enum {name} {{ {RowSyntax.Parse(type.Rows.Single()).Value} }}");
            return;
        }

        var variance = shape.Name == "RB" ? "out " : "";
        var generic = parameters.Count > 0 ? $"<{variance}{string.Join(", ", parameters.Keys)}>" : "";
        var derives = bases.Count > 0 ? " : " + string.Join(", ", bases.Select(face => _names.Write(face, parameters))) : "";
        var constraint = shape.Name == "RB" ? " where T : global::Aspire.Hosting.ApplicationModel.IResource" : "";
        Line($"public {type.Kind} {name}{generic}{derives}{constraint} {{");
        Body(type, name, bases, parameters);
        if (type.Name == "ReferenceExpression" && _declared.TryGetValue(Handler, out var handler))
        {
            Line("[global::System.Runtime.CompilerServices.InterpolatedStringHandler] public ref struct ExpressionInterpolatedStringHandler {");
            Body(handler, "ExpressionInterpolatedStringHandler", [], NoScope);
            Line("}");
        }

        Line("}");
    }

    private void Body(AspireType type, string name, IReadOnlyList<TypeText> bases, IReadOnlyDictionary<string, string> scope)
    {
        var isClass = type.Kind is "class" or "sealed class" or "abstract class" or "sealed record";
        var construct = bases.Count > 0 && _names.IsAspireClass(table, bases[0]) ? " : base((global::Reference.Nothing)null!)" : "";
        if (isClass)
        {
            Line($"internal {name}(global::Reference.Nothing nothing){construct} {Throw}");
        }

        foreach (var text in type.Rows)
        {
            var row = RowSyntax.Parse(text);
            Attributes(row.Experimental, row.Obsolete);
            if (row.Name == "new")
            {
                Line($"public {name}({Parameters(row, scope)}){construct} {Throw}");
            }
            else
            {
                Member(type, text, row, scope);
            }
        }

        if (type.Kind == "interface")
        {
            ExplicitBodies(type);
        }
        else if (isClass)
        {
            bases.ToList().ForEach(face => Implement(type, face));
        }
    }

    private void Member(AspireType type, string text, RowSyntax row, IReadOnlyDictionary<string, string> scope)
    {
        var inner = scope.Concat(row.Generics.Select(name => KeyValuePair.Create(name, name))).ToDictionary();
        var modifiers = Modifiers(type, text, row);
        var bodiless = modifiers.Contains("abstract", StringComparison.Ordinal) || (type.Kind == "interface" && !HasBody(type, row));
        var result = _names.Write(row.Type!, inner);
        if (row.Parameters is null)
        {
            Line(row switch
            {
                { Prefix: "const" } => $"{modifiers}const {result} {row.Name} = {row.Value};",
                { Accessors.Count: 0 } when modifiers.Contains("static", StringComparison.Ordinal) => $"{modifiers}readonly {result} {row.Name} = default!;",
                { Accessors.Count: 0 } => $"{modifiers}{result} {row.Name} = default!;",
                _ => $"{modifiers}{(row.Accessors.Contains("required") ? "required " : "")}{result} {row.Name} {{ {Accessors(row, bodiless)} }}",
            });
            return;
        }

        if (row.Name == "WithCommand" && row.Parameters.Any(parameter => parameter.Type.Name == "CommandOptions"))
        {
            Line("[global::System.Runtime.CompilerServices.OverloadResolutionPriority(1)]");
        }

        var generic = row.Generics.Count > 0 ? $"<{string.Join(", ", row.Generics)}>" : "";
        var constraints = string.Concat(row.Constraints.Select(constraint =>
            $" where {constraint.Name} : {string.Join(", ", constraint.Parts.Select(part => _names.Write(TypeText.Parse(part), inner)))}"));
        Line($"{modifiers}{result} {row.Name}{generic}({Parameters(row, inner)}){constraints} {(bodiless ? ";" : Throw)}");
    }

    private string Modifiers(AspireType type, string text, RowSyntax row)
    {
        if (type.Kind == "interface")
        {
            return row.Prefix == "static" ? "static abstract " : "";
        }

        if (type.Kind == "static class" || row.Prefix == "static")
        {
            return row.Prefix == "const" ? "public " : "public static ";
        }

        var repeated = Derived(type) is { Count: > 0 } derived && derived.All(one => one.Rows.Contains(text));
        return type.Kind == "abstract class" && repeated ? "public abstract "
            : type.Bases.Count > 0 && _declared.GetValueOrDefault(type.Bases[0]) is { Kind: "abstract class" } parent && parent.Rows.Contains(text)
                && Derived(parent).All(one => one.Rows.Contains(text)) ? "public override "
            : "public ";
    }

    private List<AspireType> Derived(AspireType type) =>
        [.. types.Where(other => other.Bases.Count > 0 && other.Bases[0] == type.Name && other.Kind != "interface")];

    private string Parameters(RowSyntax row, IReadOnlyDictionary<string, string> scope)
    {
        var parameters = row.Parameters!.Select(parameter =>
            $"{parameter.Modifier} {_names.Write(parameter.Type, scope)} @{parameter.Name}"
            + (parameter.Default is { } value ? $" = {_names.Default(parameter.Type, value)}" : ""));
        return string.Join(", ", row.Receiver is null ? parameters : parameters.Prepend($"this {_names.Write(row.Receiver, scope)} @this"));
    }

    private static string Accessors(RowSyntax row, bool bodiless) =>
        string.Join(' ', row.Accessors.Where(accessor => accessor != "required").Select(accessor => accessor + (bodiless ? ";" : $" {Throw}")));

    /// <summary>Interface members that an implementation may leave out.</summary>
    private static bool HasBody(AspireType type, RowSyntax row) => (type.Name, row.Name) switch
    {
        ("IProjectMetadata", "LaunchSettings" or "SuppressBuild" or "IsFileBasedApp") => true,
        ("IValueProvider", "GetValueAsync") => row.Parameters!.Count == 2,
        ("IResourceWithConnectionString", "GetConnectionStringAsync" or "ConnectionStringEnvironmentVariable" or "GetConnectionProperties") => true,
        ("RB<T>", "WithAnnotation") => row.Parameters!.Count == 1,
        ("IDistributedApplicationBuilder", "FileSystemService" or "UserSecretsManager") => true,
        ("IResourceCollection", "TryGetByName") => true,
        _ => false,
    };

    private void ExplicitBodies(AspireType type)
    {
        if (type.Name == "IResourceWithConnectionString")
        {
            foreach (var face in new[] { "IValueProvider", "IManifestExpressionProvider", "IValueWithReferences" })
            {
                Implement(type with { Rows = [] }, TypeText.Parse(face));
            }
        }
    }

    /// <summary>Implements what <paramref name="type"/>'s rows do not: the table leaves explicit implementations out.</summary>
    private void Implement(AspireType type, TypeText face)
    {
        if (_declared.Values.FirstOrDefault(other => other.Kind == "interface" && IsSame(TypeText.Parse(other.Name), face)) is not { } declared)
        {
            if (face.Name == "IEquatable")
            {
                var other = _names.Write(face.Arguments[0], NoScope);
                Line($"bool global::System.IEquatable<{other}>.Equals({other}{(other == "int" ? "" : "?")} other) {Throw}");
            }
            else if (FrameworkInterfaces.TryGetValue(face.Name, out var members))
            {
                Line(members);
            }

            return;
        }

        var arguments = TypeText.Parse(declared.Name).Arguments
            .Zip(face.Arguments, (parameter, argument) => KeyValuePair.Create(parameter.Name, _names.Write(argument, NoScope))).ToDictionary();
        var name = _names.Write(face, NoScope);
        foreach (var text in declared.Rows.Where(row => !type.Rows.Contains(row)))
        {
            var row = RowSyntax.Parse(text);
            if (row.Prefix == "static" || HasBody(declared, row))
            {
                continue;
            }

            var scope = arguments.Concat(row.Generics.Select(generic => KeyValuePair.Create(generic, generic))).ToDictionary();
            var result = _names.Write(row.Type!, scope);
            var undefaulted = row with { Parameters = row.Parameters?.Select(parameter => parameter with { Default = null }).ToList() };
            Line(row.Parameters is null
                ? $"{result} {name}.{row.Name} {{ {Accessors(row, bodiless: false)} }}"
                : $"{result} {name}.{row.Name}({Parameters(undefaulted, scope)}) {Throw}");
        }
    }

    private static bool IsSame(TypeText declared, TypeText used) => declared.Name == used.Name && declared.Arguments.Count == used.Arguments.Count;

    /// <summary>A record's equality with itself is the compiler's.</summary>
    private static bool IsOwnEquality(AspireType type, TypeText face) => face.Name == "IEquatable" && face.Arguments[0].Name == type.Name;

    private void Attributes(string experimental, bool obsolete)
    {
        if (experimental.Length > 0)
        {
            Line($"[global::System.Diagnostics.CodeAnalysis.Experimental(\"{experimental}\")]");
        }

        if (obsolete)
        {
            Line("[global::System.Obsolete(\"So marked in the table.\")]");
        }
    }

    private void Line(string text) => _text.AppendLine(CultureInfo.InvariantCulture, $"{text}");
}
