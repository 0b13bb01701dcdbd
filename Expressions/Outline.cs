using Orrery.Expressions.Binding;
using Orrery.Expressions.Syntax;

namespace Orrery.Expressions;

/// <summary>What an expression will give, as far as that stands in it: its maps and lists, its constants, and the branches it chooses among.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1, in UTF-16 units.</param>
public abstract record Outline(int Line, int Column)
{
    /// <param name="source">An expression that compiles.</param>
    public static Outline Of(string source) => Of(source, Parser.Parse(source, CompileLimits.Default));

    private static Outline Of(string source, SyntaxNode syntax)
    {
        var (line, column) = SourcePlace.Of(source, syntax.Offset);
        return syntax switch
        {
            LiteralSyntax literal => new ConstantOutline(line, column, literal.Value),
            MapSyntax map => new MapOutline(line, column, [.. map.Entries.Select(entry => (Of(source, entry.Key), Of(source, entry.Value)))]),
            ListSyntax list => new ListOutline(line, column, [.. list.Items.Select(item => Of(source, item))]),
            ConditionalSyntax conditional => new ChoiceOutline(line, column, [Of(source, conditional.Then), Of(source, conditional.Else)]),
            CallSyntax { Target: null, Name: "dyn", Arguments: [var same] } => Of(source, same),
            _ => new UnknownOutline(line, column),
        };
    }
}

public sealed record ConstantOutline(int Line, int Column, Value Value) : Outline(Line, Column);

public sealed record MapOutline(int Line, int Column, IReadOnlyList<(Outline Key, Outline Value)> Entries) : Outline(Line, Column);

public sealed record ListOutline(int Line, int Column, IReadOnlyList<Outline> Items) : Outline(Line, Column);

/// <summary>One of these.</summary>
public sealed record ChoiceOutline(int Line, int Column, IReadOnlyList<Outline> Branches) : Outline(Line, Column);

/// <summary>Known when it runs.</summary>
public sealed record UnknownOutline(int Line, int Column) : Outline(Line, Column);
