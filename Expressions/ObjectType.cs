using System.Diagnostics.CodeAnalysis;
using Orrery.Expressions.Values;

namespace Orrery.Expressions;

/// <summary>The type of objects of the program that uses expressions: only the members that are named here can be reached.</summary>
public abstract class ObjectType : ExpressionType
{
    private readonly Dictionary<string, ObjectMember> _members = new(StringComparer.Ordinal);

    private protected ObjectType(string name)
        : base(ValueKind.Object) => Name = name;

    public override string Name { get; }

    internal IEnumerable<string> MemberNames => _members.Keys;

    internal bool TryGetMember(string name, [NotNullWhen(true)] out ObjectMember? member) => _members.TryGetValue(name, out member);

    private protected void Add(ObjectMember member) => _members.Add(member.Name, member);
}

/// <summary>As <see cref="ObjectType"/>, for instances of <typeparamref name="T"/>. Name the members before the first expression is compiled.</summary>
/// <example><code>var model = new ObjectType&lt;Model&gt;("model").Member("provider_id", ExpressionType.String, m => m.ProviderId);</code></example>
public sealed class ObjectType<T>(string name) : ObjectType(name)
    where T : class
{
    /// <param name="get">Called each time an expression reads the member; must be quick, free of effects and safe on several threads.</param>
    public ObjectType<T> Member(string name, ExpressionType type, Func<T, Value> get)
    {
        Add(new Getter(name, type, get));
        return this;
    }

    /// <summary>An instance as a value; null is CEL's <c>null</c>.</summary>
    public Value Of(T? instance) => instance is null ? default : new Value(this, instance);

    /// <summary>Instances as a list that is not copied.</summary>
    public Value ListOf(IReadOnlyList<T> instances) => Value.List(new ObjectList<T>(this, instances));

    private sealed class Getter(string name, ExpressionType type, Func<T, Value> get) : ObjectMember(name, type)
    {
        public override Value Get(object instance) => get((T)instance);
    }
}

internal abstract class ObjectMember(string name, ExpressionType type)
{
    public string Name { get; } = name;

    public ExpressionType Type { get; } = type;

    public abstract Value Get(object instance);
}
