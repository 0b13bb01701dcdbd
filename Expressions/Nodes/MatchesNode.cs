using Orrery.Expressions.Text;

namespace Orrery.Expressions.Nodes;

/// <summary><c>matches</c> with a pattern that is known when the expression is compiled.</summary>
internal sealed class MatchesNode(int offset, Node text, Pattern pattern) : Node(offset, ExpressionType.Bool)
{
    public override Value Evaluate(ref Frame frame)
    {
        var value = text.Evaluate(ref frame);
        return value.IsString ? pattern.Match(ref frame, this, value.String) : value.IsFault ? value : WrongType("matches", value);
    }
}
