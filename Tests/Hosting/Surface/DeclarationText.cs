using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Orrery.Tests.Hosting.Surface;

/// <summary>
/// Writes a compiled declaration in the notation of the member table:
/// <c>RB&lt;T&gt;.WithVolume&lt;T&gt;(string? name, string target, bool isReadOnly=false) → RB&lt;T&gt; where T:ContainerResource</c>.
/// The table's own normalisation is all that is lost: IResourceBuilder is <c>RB</c>, CancellationToken is <c>CT</c>, the interpolated
/// string handler is <c>$"…"handler</c>, a default struct is <c>null</c>, and it says neither abstract nor virtual.
/// </summary>
internal static class DeclarationText
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(char)] = "char",
        [typeof(decimal)] = "decimal",
        [typeof(double)] = "double",
        [typeof(float)] = "float",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(object)] = "object",
        [typeof(short)] = "short",
        [typeof(string)] = "string",
        [typeof(void)] = "void",
        [typeof(CancellationToken)] = "CT",
    };

    public static string Name(Type type)
    {
        var parameters = type.IsGenericTypeDefinition ? $"<{string.Join(",", type.GetGenericArguments().Select(argument => argument.Name))}>" : "";
        return SimpleName(type) + parameters;
    }

    public static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        _ => (type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "") + (type.GetMethod("<Clone>$") is null ? "class" : "record"),
    };

    /// <summary>Base class and interfaces that others see, without what a class of the framework brings along.</summary>
    public static IEnumerable<string> Bases(Type type)
    {
        if (type.IsEnum || type.IsValueType)
        {
            return [];
        }

        var nullability = new Nullability([1]);
        var classes = type.BaseType is { } parent && parent != typeof(object) ? [parent] : Array.Empty<Type>();
        var framework = type.BaseType;
        while (framework?.Assembly == type.Assembly)
        {
            framework = framework.BaseType;
        }

        var faces = type.GetInterfaces().Where(face => face.IsVisible).Except(framework?.GetInterfaces() ?? []);
        return classes.Concat(faces).Select(face => Text(face, nullability));
    }

    /// <summary>The experimental id, or nothing.</summary>
    public static string Mark(MemberInfo member) => member.GetCustomAttribute<ExperimentalAttribute>()?.DiagnosticId ?? "";

    /// <summary>The rows of all public members that <paramref name="type"/> declares itself.</summary>
    public static IEnumerable<string> Rows(Type type)
    {
        const BindingFlags own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        return type.IsEnum
            ? [Row(type.GetFields(BindingFlags.Public | BindingFlags.Static)[0])]
            : type.GetMembers(own).Where(member => member is not System.Type && !IsTheCompilers(member)).Select(Row);
    }

    /// <summary>The row of <paramref name="member"/>; of an enum's value, the row of all its values.</summary>
    public static string Row(MemberInfo member)
    {
        var row = member switch
        {
            FieldInfo { DeclaringType: { IsEnum: true } type } => $"values: {string.Join(", ", type.GetEnumNames())}",
            FieldInfo field => Field(field),
            PropertyInfo property => Property(property),
            ConstructorInfo constructor => $"new({Parameters(constructor.GetParameters())})",
            MethodInfo method => Method(method),
            _ => throw new NotSupportedException($"The table has no notation for {member}."),
        };
        var mark = Mark(member);
        return row + (mark.Length > 0 ? $" ⟨{mark}⟩" : "") + (IsObsolete(member) ? " ⟨obsolete⟩" : "");
    }

    /// <summary>Accessors, what a record brings, and what every object has.</summary>
    private static bool IsTheCompilers(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute))
        || member is MethodInfo { IsSpecialName: true }
        || (member is MethodInfo method && method.GetBaseDefinition().DeclaringType == typeof(object));

    /// <summary>Where members are required, the compiler marks the constructor for compilers that do not know them; that is not meant.</summary>
    private static bool IsObsolete(MemberInfo member) =>
        member.IsDefined(typeof(ObsoleteAttribute)) && !(member is ConstructorInfo && member.IsDefined(typeof(CompilerFeatureRequiredAttribute)));

    private static string Field(FieldInfo field)
    {
        var type = Text(field.FieldType, Nullability.Of(field, field.DeclaringType!));
        var prefix = field.IsLiteral ? "const " : field.IsStatic && !IsStatic(field.DeclaringType!) ? "static " : "";
        return $"{prefix}{field.Name}: {type}{(field.IsLiteral ? $" = {Literal(field.GetRawConstantValue())}" : "")}";
    }

    private static string Property(PropertyInfo property)
    {
        var setter = property.SetMethod is { IsPublic: true } set ? set : null;
        var init = setter?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        var accessors = new List<string>();
        accessors.AddRange(property.GetMethod is { IsPublic: true } ? ["get"] : []);
        accessors.AddRange(setter is null ? [] : init ? ["init"] : ["set"]);
        accessors.AddRange(property.IsDefined(typeof(RequiredMemberAttribute)) ? ["required"] : []);
        var prefix = (property.GetMethod ?? property.SetMethod)!.IsStatic && !IsStatic(property.DeclaringType!) ? "static " : "";
        return $"{prefix}{property.Name}: {Text(property.PropertyType, Nullability.Of(property, property.DeclaringType!))} {{{string.Join(",", accessors)}}}";
    }

    private static string Method(MethodInfo method)
    {
        var parameters = method.GetParameters();
        var extends = method.IsDefined(typeof(ExtensionAttribute));
        var text = new StringBuilder();
        text.Append(extends ? Type(parameters[0]) + "." : method.IsStatic && !IsStatic(method.DeclaringType!) ? "static " : "");
        text.Append(method.Name);
        if (method.IsGenericMethod)
        {
            text.Append(CultureInfo.InvariantCulture, $"<{string.Join(",", method.GetGenericArguments().Select(argument => argument.Name))}>");
        }

        text.Append(CultureInfo.InvariantCulture, $"({Parameters(extends ? parameters[1..] : parameters)}) → {Type(method.ReturnParameter)}");
        var constraints = method.IsGenericMethod ? method.GetGenericArguments().Select(Constraint).Where(constraint => constraint.Length > 0).ToArray() : [];
        return text.Append(constraints.Length > 0 ? $" where {string.Join(", ", constraints)}" : "").ToString();
    }

    private static string Constraint(Type parameter)
    {
        var attributes = parameter.GenericParameterAttributes;
        var parts = new List<string>();
        parts.AddRange(attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint) ? ["class"] : []);
        parts.AddRange(attributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint) ? ["struct"] : []);
        parts.AddRange(parameter.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(type => Text(type, new Nullability([1]))));
        parts.AddRange((attributes & (GenericParameterAttributes.DefaultConstructorConstraint | GenericParameterAttributes.NotNullableValueTypeConstraint))
            == GenericParameterAttributes.DefaultConstructorConstraint ? ["new()"] : []);
        return parts.Count > 0 ? $"{parameter.Name}:{string.Join("+", parts)}" : "";
    }

    private static string Parameters(IEnumerable<ParameterInfo> parameters) => string.Join(", ", parameters.Select(parameter =>
        (parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "")
        + (!parameter.ParameterType.IsByRef ? "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ")
        + $"{Type(parameter)} {parameter.Name}{(parameter.HasDefaultValue ? $"={Literal(parameter.DefaultValue)}" : "")}"));

    private static string Literal(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string text => $"\"{text}\"",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Type(ParameterInfo parameter) => Text(parameter.ParameterType, Nullability.Of(parameter, parameter.Member));

    private static string Text(Type type, Nullability nullability)
    {
        if (type.IsByRef)
        {
            return Text(type.GetElementType()!, nullability);
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Text(value, nullability) + "?";
        }

        // A plain value type has no place in the compiler's list of flags; a generic one does.
        var mark = type.IsValueType && !type.IsGenericType ? "" : nullability.Next() == 2 ? "?" : "";
        if (type.IsArray)
        {
            return $"{Text(type.GetElementType()!, nullability)}[]{mark}";
        }

        var arguments = type.GetGenericArguments().Select(argument => Text(argument, nullability)).ToArray();
        return SimpleName(type) + (arguments.Length > 0 ? $"<{string.Join(", ", arguments)}>" : "") + mark;
    }

    private static string SimpleName(Type type) => Keywords.GetValueOrDefault(type) ?? type.Name.Split('`')[0] switch
    {
        "IResourceBuilder" => "RB",
        "ExpressionInterpolatedStringHandler" => "$\"…\"handler",
        var name => name,
    };

    private static bool IsStatic(Type type) => type is { IsAbstract: true, IsSealed: true };
}
