using Orrery.Expressions;

namespace Orrery.Tests.Expressions;

/// <summary>Objects of the program: what selection of models and matches of routes need.</summary>
public sealed class StrategyTests
{
    private static readonly ObjectType<Engine> Engine = new ObjectType<Engine>("model")
        .Member("id", ExpressionType.String, engine => engine.Id)
        .Member("provider_id", ExpressionType.String, engine => engine.Provider)
        .Member("cost", ExpressionType.Double, engine => engine.Cost)
        .Member("tier", ExpressionType.String, engine => engine.Tier)
        .Member("metadata", ExpressionType.Map(ExpressionType.String, ExpressionType.Dyn), engine => Value.Map([new("region", engine.Tier is null ? "eu" : "us")]));

    private static readonly Scope Scope = new Scope().Variable("ai.models", ExpressionType.List(Engine));

    private static readonly Engine[] Engines = [new("mini", "openai", 0.5), new("llama3", "mine", 0.0), new("large", "openai", 5.0, "gold")];

    [Theory]
    [InlineData("ai.models", "mini llama3 large")]
    [InlineData("ai.models.filter(m, m.provider_id == 'mine')", "llama3")]
    [InlineData("ai.models.filter(m, m.provider_id == 'nobody')", "")]
    [InlineData("ai.models.filter(m, m.cost < 1)", "mini llama3")]
    [InlineData("ai.models.filter(m, m.metadata.region == 'us')", "large")]
    [InlineData("ai.models.filter(m, has(m.tier))", "large")]
    [InlineData("ai.models.filter(m, has(m.tier) && m.tier == 'gold')", "large")]
    [InlineData("ai.models.filter(m, m.id in ['large', 'mini'])", "mini large")]
    [InlineData("ai.models.sortBy(m, m.cost)", "llama3 mini large")]
    [InlineData("ai.models.sortBy(m, -m.cost)[0].id == 'large' ? ai.models : []", "mini llama3 large")]
    [InlineData("ai.models.filter(m, m.cost > 0.1).sortBy(m, m.id)", "large mini")]
    [InlineData("ai.models.filter(m, m == ai.models[1])", "llama3")]
    [InlineData("ai.models.reverse()", "large llama3 mini")]
    public void Strategies_choose_among_objects(string expression, string expected)
    {
        var compiled = Expression.Compile(expression, Scope, expects: ExpressionType.List(Engine));
        var result = compiled.Evaluate(Engine.ListOf(Engines));
        Assert.Null(result.Error);
        var list = result.Value.AsList();
        Assert.Equal(expected, string.Join(' ', Enumerable.Range(0, list.Count).Select(i => list[i].AsObject<Engine>().Id)));
    }

    [Fact]
    public void Random_gives_each_order_and_the_same_one_for_a_seed()
    {
        var random = Expression.Compile("ai.models.random().map(m, m.id).join(' ')", Scope);
        string Draw(int seed) => random.Evaluate(new EvaluationSettings(Random: new Random(seed)), Engine.ListOf(Engines)).Value.AsString();
        Assert.Equal(6, Enumerable.Range(0, 200).Select(Draw).Distinct().Count());
        Assert.Equal(Draw(5), Draw(5));
    }

    [Fact]
    public void Random_without_a_source_is_an_error() =>
        Assert.Equal("1:11: random() has no source of chance here", Expression.Compile("ai.models.random()", Scope).Evaluate(Engine.ListOf(Engines)).Error?.ToString());

    [Fact]
    public void A_member_that_is_not_set_is_an_error_and_has_knows()
    {
        Assert.Equal("1:14: not set: model.tier", Expression.Compile("ai.models[0].tier == 'gold'", Scope).Evaluate(Engine.ListOf(Engines)).Error?.ToString());
        Assert.False(Expression.Compile("has(ai.models[0].tier)", Scope).Evaluate(Engine.ListOf(Engines)).IsTrue);
    }

    [Fact]
    public void A_getter_that_gives_another_type_than_it_declared_does_no_harm()
    {
        var liar = new ObjectType<string>("liar").Member("text", ExpressionType.String, _ => 1L);
        var expression = Expression.Compile("x.text.startsWith('a')", new Scope().Variable("x", liar));
        Assert.Equal("1:3: liar.text was declared string but is int", expression.Evaluate(liar.Of("y")).Error?.ToString());
    }

    [Fact]
    public void Objects_of_another_type_are_not_taken_for_their_members()
    {
        var other = new ObjectType<Engine>("other").Member("cost", ExpressionType.Int, _ => 3L);
        var expression = Expression.Compile("x.map(m, m.cost)", new Scope().Variable("x", ExpressionType.List(Engine)));
        Assert.Equal(EvaluationErrorKind.NotFound, expression.Evaluate(other.ListOf(Engines)).Error?.Kind);
        Assert.Equal("[3, 3, 3]", Facts.Show(Expression.Compile("x.map(m, m.cost)", new Scope().Variable("x", ExpressionType.Dyn)).Evaluate(other.ListOf(Engines))));
    }

    [Fact]
    public void Variables_are_given_in_order_with_the_types_declared()
    {
        var expression = Expression.Compile("a + b", new Scope().Variable("a", ExpressionType.Int).Variable("b", ExpressionType.Int));
        Assert.Equal(5, expression.Evaluate(2L, 3L).Value.AsInt());
        Assert.Throws<ArgumentException>(() => expression.Evaluate(2L));
        Assert.Throws<ArgumentException>(() => expression.Evaluate(2L, "3"));
    }

    [Fact]
    public void A_dyn_result_is_looked_at_when_it_is_there()
    {
        var expression = Expression.Compile("x", new Scope().Variable("x", ExpressionType.Dyn), expects: ExpressionType.Bool);
        Assert.True(expression.Evaluate(true).IsTrue);
        Assert.Equal("the result is string, expected bool", expression.Evaluate("yes").Error?.ToString());
    }

    [Fact]
    public void Names_in_macros_hide_variables_and_a_dot_before_a_name_does_not()
    {
        var scope = new Scope().Variable("x", ExpressionType.Int).Variable("x.y", ExpressionType.Int);
        Assert.Equal("[1, 2]", Facts.Show(Expression.Compile("[1, 2].map(x, x)", scope).Evaluate(7L, 8L)));
        Assert.Equal("[7, 7]", Facts.Show(Expression.Compile("[1, 2].map(x, .x)", scope).Evaluate(7L, 8L)));
        Assert.Equal("8", Facts.Show(Expression.Compile("x.y", scope).Evaluate(7L, 8L)));
        Assert.Equal("[3]", Facts.Show(Expression.Compile("[{'y': 3}].map(x, x.y)", scope).Evaluate(7L, 8L)));
    }

    [Fact]
    public async Task One_expression_serves_many_threads()
    {
        var expression = Expression.Compile("ai.models.filter(m, m.cost < 1 && m.id.matches('^[a-z0-9]+$')).map(m, m.id).join(',')", Scope);
        var models = Engine.ListOf(Engines);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 2_000; i++)
            {
                Assert.Equal("mini,llama3", expression.Evaluate(models).Value.AsString());
            }
        })));
    }
}
