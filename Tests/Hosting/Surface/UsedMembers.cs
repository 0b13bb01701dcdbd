using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Orrery.Tests.Hosting.Surface;

/// <summary>
/// What one assembly needs of another, as its metadata says: the types it names (also in signatures of what it calls), the members it
/// calls or reads, and those that its own classes override or implement. A constant leaves no trace but its type, so an enum counts whole.
/// </summary>
internal static class UsedMembers
{
    /// <summary>Types and members of <paramref name="library"/> that <paramref name="user"/> needs; an accessor counts as its property.</summary>
    public static (IReadOnlySet<Type> Types, IReadOnlySet<MemberInfo> Members) Of(Assembly user, Assembly library)
    {
        using var file = new PEReader(File.OpenRead(user.Location));
        var reader = file.GetMetadataReader();
        var declared = Declarations(library);
        var types = new HashSet<Type>();
        var members = new HashSet<MemberInfo>();

        foreach (var handle in reader.TypeReferences)
        {
            if (IsFrom(reader, handle, library))
            {
                types.Add(library.GetType(Names.Of(reader, handle), throwOnError: true)!);
            }
        }

        foreach (var handle in reader.MemberReferences)
        {
            var reference = reader.GetMemberReference(handle);
            if (Parent(reader, reference) is not { } parent || !IsFrom(reader, parent, library))
            {
                continue;
            }

            var key = (Names.Of(reader, parent), reader.GetString(reference.Name), Signature(reference));
            members.Add(declared.TryGetValue(key, out var member)
                ? member
                : throw new InvalidOperationException(
                    $"{user.GetName().Name} calls {key}, which {library.GetName().Name} does not declare: build both again."));
        }

        foreach (var type in user.GetTypes().Where(type => type is { IsInterface: false, IsEnum: false }))
        {
            members.UnionWith(Inherited(type).Where(member => member.DeclaringType!.Assembly == library).Select(Written));
        }

        types.UnionWith(members.Select(member => Definition(member.DeclaringType!)));
        return (types, members.Select(Written).ToHashSet());
    }

    /// <summary>What <paramref name="type"/> overrides or implements itself, in terms of the declaring type's definition.</summary>
    private static IEnumerable<MemberInfo> Inherited(Type type)
    {
        const BindingFlags own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var overridden = type.GetMethods(own).Select(method => method.GetBaseDefinition()).Where(method => method.DeclaringType != type);
        var implemented = type.GetInterfaces().Where(face => !type.BaseType!.GetInterfaces().Contains(face)).SelectMany(face =>
        {
            var map = type.GetInterfaceMap(face);
            return map.InterfaceMethods.Where((_, i) => map.TargetMethods[i]?.DeclaringType == type);
        });
        return overridden.Concat(implemented).Select(method => method.Module.ResolveMethod(method.MetadataToken)!);
    }

    private static Type Definition(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;

    private static MemberInfo Written(MemberInfo member) =>
        member is MethodInfo { IsSpecialName: true } accessor
            ? accessor.DeclaringType!.GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static)
                .FirstOrDefault(property => property.GetMethod == accessor || property.SetMethod == accessor) ?? member
            : member;

    private static Dictionary<(string Type, string Member, string Signature), MemberInfo> Declarations(Assembly library)
    {
        using var file = new PEReader(File.OpenRead(library.Location));
        var reader = file.GetMetadataReader();
        var module = library.ManifestModule;
        var declared = new Dictionary<(string, string, string), MemberInfo>();
        foreach (var type in reader.TypeDefinitions.Select(reader.GetTypeDefinition))
        {
            foreach (var handle in type.GetMethods())
            {
                var method = reader.GetMethodDefinition(handle);
                var key = (Names.Of(reader, method.GetDeclaringType()), reader.GetString(method.Name), Text(method.DecodeSignature(Names.Instance, null)));
                declared.TryAdd(key, module.ResolveMethod(MetadataTokens.GetToken(handle))!);
            }

            foreach (var handle in type.GetFields())
            {
                var field = reader.GetFieldDefinition(handle);
                var key = (Names.Of(reader, field.GetDeclaringType()), reader.GetString(field.Name), field.DecodeSignature(Names.Instance, null));
                declared.TryAdd(key, module.ResolveField(MetadataTokens.GetToken(handle))!);
            }
        }

        return declared;
    }

    private static string Signature(MemberReference reference) => reference.GetKind() == MemberReferenceKind.Field
        ? reference.DecodeFieldSignature(Names.Instance, null)
        : Text(reference.DecodeMethodSignature(Names.Instance, null));

    private static string Text(MethodSignature<string> signature) =>
        $"{signature.ReturnType} `{signature.GenericParameterCount} ({string.Join(", ", signature.ParameterTypes)})";

    /// <summary>The type that declares a member, without its arguments; <c>null</c> for arrays.</summary>
    private static EntityHandle? Parent(MetadataReader reader, MemberReference reference)
    {
        if (reference.Parent.Kind != HandleKind.TypeSpecification)
        {
            return reference.Parent;
        }

        var blob = reader.GetBlobReader(reader.GetTypeSpecification((TypeSpecificationHandle)reference.Parent).Signature);
        if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
        {
            return null;
        }

        blob.ReadCompressedInteger(); // class or value type
        return blob.ReadTypeHandle();
    }

    private static bool IsFrom(MetadataReader reader, EntityHandle handle, Assembly library)
    {
        if (handle.Kind != HandleKind.TypeReference)
        {
            return false;
        }

        var scope = reader.GetTypeReference((TypeReferenceHandle)handle).ResolutionScope;
        return scope.Kind == HandleKind.TypeReference
            ? IsFrom(reader, scope, library)
            : scope.Kind == HandleKind.AssemblyReference
                && reader.StringComparer.Equals(reader.GetAssemblyReference((AssemblyReferenceHandle)scope).Name, library.GetName().Name!);
    }

    /// <summary>Writes signatures as text that is the same on both sides of a reference.</summary>
    private sealed class Names : ISignatureTypeProvider<string, object?>
    {
        public static readonly Names Instance = new();

        public static string Of(MetadataReader reader, EntityHandle handle)
        {
            if (handle.Kind == HandleKind.TypeReference)
            {
                var reference = reader.GetTypeReference((TypeReferenceHandle)handle);
                return reference.ResolutionScope.Kind == HandleKind.TypeReference
                    ? $"{Of(reader, reference.ResolutionScope)}+{reader.GetString(reference.Name)}"
                    : Full(reader.GetString(reference.Namespace), reader.GetString(reference.Name));
            }

            var definition = reader.GetTypeDefinition((TypeDefinitionHandle)handle);
            return definition.IsNested
                ? $"{Of(reader, definition.GetDeclaringType())}+{reader.GetString(definition.Name)}"
                : Full(reader.GetString(definition.Namespace), reader.GetString(definition.Name));
        }

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => Of(reader, handle);

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => Of(reader, handle);

        public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{shape.Rank}]";

        public string GetByReferenceType(string elementType) => elementType + "&";

        public string GetPointerType(string elementType) => elementType + "*";

        public string GetPinnedType(string elementType) => elementType;

        public string GetFunctionPointerType(MethodSignature<string> signature) => Text(signature);

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => $"{genericType}<{string.Join(", ", typeArguments)}>";

        public string GetGenericMethodParameter(object? genericContext, int index) => $"!!{index}";

        public string GetGenericTypeParameter(object? genericContext, int index) => $"!{index}";

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => $"{unmodifiedType} mod {modifier}";

        private static string Full(string space, string name) => space.Length > 0 ? $"{space}.{name}" : name;
    }
}
