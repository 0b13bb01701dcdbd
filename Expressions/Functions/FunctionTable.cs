namespace Orrery.Expressions.Functions;

/// <summary>Every function of the language.</summary>
internal static class FunctionTable
{
    private static readonly ExpressionType Bool = ExpressionType.Bool;
    private static readonly ExpressionType Int = ExpressionType.Int;
    private static readonly ExpressionType Double = ExpressionType.Double;
    private static readonly ExpressionType Text = ExpressionType.String;
    private static readonly ExpressionType List = ExpressionType.AnyList;
    private static readonly ExpressionType Texts = ExpressionType.List(ExpressionType.String);
    private static readonly ExpressionType Any = ExpressionType.Dyn;

    public static readonly Function RegexMatch = Member("matches", [[Text, Text]], Bool, StringFunctions.Matches);

    private static readonly ILookup<string, Function> Functions = All().ToLookup(function => function.Name, StringComparer.Ordinal);

    public static IEnumerable<string> Names => Functions.Select(group => group.Key);

    public static IEnumerable<Function> Named(string name) => Functions[name];

    private static IEnumerable<Function> All() =>
    [
        Member("size", [[Text], [List], [ExpressionType.AnyMap]], Int, ContainerFunctions.Size),
        Global("size", [[Text], [List], [ExpressionType.AnyMap]], Int, ContainerFunctions.Size),

        Member("startsWith", [[Text, Text]], Bool, StringFunctions.StartsWith),
        Member("endsWith", [[Text, Text]], Bool, StringFunctions.EndsWith),
        Member("contains", [[Text, Text]], Bool, StringFunctions.Contains),
        RegexMatch,
        Global("matches", [[Text, Text]], Bool, StringFunctions.Matches),

        Global("bool", [[Bool], [Text]], Bool, Conversions.ToBool),
        Global("int", [[Int], [Double], [Text]], Int, Conversions.ToInt),
        Global("double", [[Double], [Int], [Text]], Double, Conversions.ToDouble),
        Global("string", [[Text], [Bool], [Int], [Double]], Text, Conversions.ToText),
        Global("type", [[Any]], ExpressionType.Type, Conversions.TypeOf),
        Global("dyn", [[Any]], Any, Conversions.Same),

        Member("lowerAscii", [[Text]], Text, StringFunctions.LowerAscii),
        Member("upperAscii", [[Text]], Text, StringFunctions.UpperAscii),
        Member("trim", [[Text]], Text, StringFunctions.Trim),
        Member("charAt", [[Text, Int]], Text, StringFunctions.CharAt),
        Member("indexOf", [[Text, Text]], Int, StringSearch.IndexOf),
        Member("indexOf", [[Text, Text, Int]], Int, StringSearch.IndexOf),
        Member("lastIndexOf", [[Text, Text]], Int, StringSearch.LastIndexOf),
        Member("lastIndexOf", [[Text, Text, Int]], Int, StringSearch.LastIndexOf),
        Member("substring", [[Text, Int]], Text, StringFunctions.Substring),
        Member("substring", [[Text, Int, Int]], Text, StringFunctions.Substring),
        Member("replace", [[Text, Text, Text]], Text, StringParts.Replace),
        Member("replace", [[Text, Text, Text, Int]], Text, StringParts.Replace),
        Member("split", [[Text, Text]], Texts, StringParts.Split),
        Member("split", [[Text, Text, Int]], Texts, StringParts.Split),
        Member("join", [[Texts]], Text, StringParts.Join),
        Member("join", [[Texts, Text]], Text, StringParts.Join),

        Same("reverse", ContainerFunctions.Reverse),
        Same("sort", ContainerFunctions.Sort),
        Same("random", ContainerFunctions.Random),
        Element("math.least", ContainerFunctions.Least),
        Element("math.greatest", ContainerFunctions.Greatest),
    ];

    private static Function Member(string name, ExpressionType[][] parameters, ExpressionType result, FunctionBody body) =>
        new(name, isMember: true, [.. parameters.Select(types => new Signature(types, _ => result))], body);

    private static Function Global(string name, ExpressionType[][] parameters, ExpressionType result, FunctionBody body) =>
        new(name, isMember: false, [.. parameters.Select(types => new Signature(types, _ => result))], body);

    /// <summary>A list to a list of the same type.</summary>
    private static Function Same(string name, FunctionBody body) =>
        new(name, isMember: true, [new Signature([List], arguments => arguments[0] is ListType list ? list : List)], body);

    /// <summary>A list of numbers to one of them; several arguments are bound as a list.</summary>
    private static Function Element(string name, FunctionBody body) =>
        new(name, isMember: false, [.. new[] { ExpressionType.List(Int), ExpressionType.List(Double) }.Select(type => new Signature([type], arguments => arguments[0] is ListType list ? list.Element : Any))], body);
}
