using System.Collections.ObjectModel;
using System.Reflection;

namespace Orrery.Tests.Hosting.Surface;

/// <summary>
/// The question marks as the compiler wrote them: a flag for each reference in a type, outermost first (1 not null, 2 may be null).
/// NullabilityInfoContext answers another question: what may be null in effect.
/// </summary>
/// <param name="flags">One flag stands for every position.</param>
internal sealed class Nullability(IReadOnlyList<byte> flags)
{
    private int _next;

    public byte Next() => flags.Count == 1 ? flags[0] : flags[_next++];

    public static Nullability Of(ParameterInfo parameter, MemberInfo scope) => new(Own(parameter.GetCustomAttributesData()) ?? [Surrounding(scope)]);

    public static Nullability Of(MemberInfo member, MemberInfo scope) => new(Own(member.GetCustomAttributesData()) ?? [Surrounding(scope)]);

    private static byte[]? Own(IEnumerable<CustomAttributeData> attributes) =>
        Argument(attributes, "System.Runtime.CompilerServices.NullableAttribute") switch
        {
            byte flag => [flag],
            ReadOnlyCollection<CustomAttributeTypedArgument> list => [.. list.Select(item => (byte)item.Value!)],
            _ => null,
        };

    private static byte Surrounding(MemberInfo? scope)
    {
        for (; scope is not null; scope = scope.DeclaringType)
        {
            if (Argument(scope.GetCustomAttributesData(), "System.Runtime.CompilerServices.NullableContextAttribute") is byte flag)
            {
                return flag;
            }
        }

        return 0;
    }

    private static object? Argument(IEnumerable<CustomAttributeData> attributes, string name) =>
        attributes.FirstOrDefault(attribute => attribute.AttributeType.FullName == name)?.ConstructorArguments[0].Value;
}
