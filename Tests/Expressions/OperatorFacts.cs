namespace Orrery.Tests.Expressions;

/// <summary>Operators, after CEL's "Standard Definitions".</summary>
public sealed class OperatorFacts
{
    public static readonly TheoryData<string, string> Arithmetic = Facts.Table("""
        1 + 2 => 3
        1.5 + 2.0 => 3.5
        'a' + 'b' => "ab"
        [1] + [2, 3] => [1, 2, 3]
        [] + [1] => [1]
        [1] + ['a'] => [1, "a"]
        5 - 7 => -2
        0.5 - 1.0 => -0.5
        6 * 7 => 42
        1.5 * 2.0 => 3.0
        7 / 2 => 3
        -7 / 2 => -3
        7 / -2 => -3
        7.0 / 2.0 => 3.5
        7 % 3 => 1
        -7 % 3 => -1
        7 % -3 => 1
        -7 % -3 => -1
        1 / 0 => !Arithmetic
        1 % 0 => !Arithmetic
        0 / 0 => !Arithmetic
        1.0 / 0.0 => Infinity
        -1.0 / 0.0 => -Infinity
        0.0 / 0.0 => NaN
        1.0 / -0.0 => -Infinity
        9223372036854775807 + 1 => !Arithmetic
        9223372036854775807 + 0 => 9223372036854775807
        -9223372036854775808 - 1 => !Arithmetic
        -9223372036854775808 + -1 => !Arithmetic
        0 - -9223372036854775808 => !Arithmetic
        -(-9223372036854775808) => !Arithmetic
        4611686018427387904 * 2 => !Arithmetic
        4611686018427387904 * -2 => -9223372036854775808
        -9223372036854775808 * -1 => !Arithmetic
        -1 * -9223372036854775808 => !Arithmetic
        3037000500 * 3037000500 => !Arithmetic
        3037000499 * 3037000499 => 9223372030926249001
        -9223372036854775808 / -1 => !Arithmetic
        -9223372036854775808 % -1 => !Arithmetic
        1e308 * 10.0 => Infinity
        1 + 1.0 => ? wrong types at '+'
        1 - 1.0 => ? wrong types at '-'
        dyn(1) + 1.0 => !WrongType
        dyn(1) + dyn(2) => 3
        'a' + 1 => ? wrong types at '+'
        'a' - 'b' => ? wrong types at '-'
        'a' * 3 => ? wrong types at '*'
        1.0 % 2.0 => ? wrong types at '%'
        dyn(1.0) % dyn(2.0) => !WrongType
        true + true => ? wrong types at '+'
        null + null => ? wrong types at '+'
        {} + {} => ? wrong types at '+'
        dyn({}) + dyn({}) => !WrongType
        dyn('a') + dyn(1) => !WrongType
        dyn('a') + 'b' => "ab"
        dyn([1]) + [2] => [1, 2]
        -1.5 => -1.5
        -'a' => ? wrong type of the operand of '-'
        -dyn('a') => !WrongType
        -dyn(2) => -2
        !1 => ? wrong type of an operand of '!'
        !dyn(1) => !WrongType
        """);

    public static readonly TheoryData<string, string> Equality = Facts.Table("""
        1 == 1 => true
        1 == 2 => false
        1 != 2 => true
        1.0 == 1.0 => true
        1 == 1.0 => true
        1 == 1.5 => false
        dyn(1) == dyn(1.0) => true
        0.0 == -0.0 => true
        0.0/0.0 == 0.0/0.0 => false
        0.0/0.0 != 0.0/0.0 => true
        [0.0/0.0] == [0.0/0.0] => false
        'a' == 'a' => true
        'a' == 'A' => false
        'é' == 'e\u0301' => false
        true == true => true
        true != false => true
        null == null => true
        null != null => false
        dyn(1) == 'a' => false
        dyn(1) != 'a' => true
        dyn(1) == null => false
        dyn(null) == null => true
        dyn(false) == 0 => false
        dyn('1') == 1 => false
        dyn([]) == {} => false
        1 == 'a' => ? wrong types at '=='
        1 == null => ? wrong types at '=='
        [1] == ['a'] => ? wrong types at '=='
        [1] == 1 => ? wrong types at '=='
        [] == [] => true
        [1, 2] == [1, 2] => true
        [1, 2] == [2, 1] => false
        [1] == [1, 1] => false
        [1] == [1.0] => true
        [[1], [2]] == [[1], [2]] => true
        {} == {} => true
        {'a': 1} == {'a': 1} => true
        {'a': 1} == {'a': 2} => false
        {'a': 1} == {'b': 1} => false
        {'a': 1, 'b': 2} == {'b': 2, 'a': 1} => true
        {'a': 1} == {'a': 1, 'b': 2} => false
        {'a': [1, {'b': 2}]} == {'a': [1, {'b': 2}]} => true
        {1: 'a'} == {1: 'a'} => true
        {'a': dyn(1)} == {'a': dyn(1.0)} => true
        type(1) == int => true
        type(1) == type(2) => true
        type(1) == string => false
        type(1.0) == double && type('') == string && type(true) == bool => true
        type([]) == list && type({}) == map && type(null) == null_type => true
        type(type(1)) == type => true
        type(int) == type(string) => true
        """);

    public static readonly TheoryData<string, string> Order = Facts.Table("""
        1 < 2 => true
        2 < 1 => false
        1 < 1 => false
        1 <= 1 => true
        2 > 1 => true
        1 >= 2 => false
        1 < 1.5 => true
        2 > 1.5 => true
        dyn(1) < dyn(1.5) => true
        -1 < 0.0 => true
        1.0 <= 1 => true
        9223372036854775807 < 9223372036854777857.0 => true
        dyn(-9223372036854775808) > -9223372036854777857.0 => true
        dyn(9223372036854775807) < 9223372036854775808.0 => false
        0.0/0.0 < 1.0 => false
        0.0/0.0 >= 1.0 => false
        1.0 <= 0.0/0.0 => false
        'a' < 'b' => true
        'a' < 'B' => false
        'a' < 'aa' => true
        '' < 'a' => true
        'é' > 'z' => true
        '\uFFEE' < '\U00010000' => true
        '\U0001F600' > '\uE000' => true
        'a' <= 'a' => true
        false < true => true
        true < false => false
        true >= true => true
        1 < 'a' => ? wrong types at '<'
        1 < true => ? wrong types at '<'
        [1] < [2] => ? wrong types at '<'
        {} < {} => ? wrong types at '<'
        null < null => ? wrong types at '<'
        dyn(1) < 'a' => !WrongType
        dyn([1]) < dyn([2]) => !WrongType
        dyn(null) < 1 => !WrongType
        1 < 2 < 3 => ? wrong types at '<'
        """);

    public static readonly TheoryData<string, string> Logic = Facts.Table("""
        true && true => true
        true && false => false
        false || false => false
        false || true => true
        true && 1/0 > 0 => !Arithmetic
        1/0 > 0 && true => !Arithmetic
        false && 1/0 > 0 => false
        1/0 > 0 && false => false
        true || 1/0 > 0 => true
        1/0 > 0 || true => true
        false || 1/0 > 0 => !Arithmetic
        1/0 > 0 || false => !Arithmetic
        1/0 > 0 || 1/0 > 0 || true => true
        1/0 > 0 && 1/0 > 0 && false => false
        1/0 > 0 && false || true => true
        !(1/0 > 0) => !Arithmetic
        dyn(1) && false => false
        false && dyn(1) => false
        dyn(1) && true => !WrongType
        dyn('x') || true => true
        dyn('x') || false => !WrongType
        dyn(null) || true => true
        1 && true => ? wrong type of an operand of '&&'
        true || 'x' => ? wrong type of an operand of '||'
        {}.a || true => true
        {}.a && false => false
        {}.a || false => !NotFound
        true ? 1 : 1/0 => 1
        false ? 1/0 : 2 => 2
        true ? 1/0 : 2 => !Arithmetic
        1/0 > 0 ? 1 : 2 => !Arithmetic
        dyn(1) ? 1 : 2 => !WrongType
        1 ? 1 : 2 => ? wrong type of an operand of '?:'
        true ? 1 : 'a' => ? wrong types of the branches of '?:'
        true ? null : 'a' => null
        false ? null : 'a' => "a"
        false ? {'a': 1} : null => null
        true ? dyn(1) : 'a' => 1
        true ? [1] : [] => [1]
        (false ? dyn(1) : dyn('a')) + 'b' => "ab"
        """);

    public static readonly TheoryData<string, string> Access = Facts.Table("""
        [1, 2, 3][0] => 1
        [1, 2, 3][2] => 3
        [1, 2, 3][3] => !NotFound
        [1, 2, 3][-1] => 3
        [1, 2, 3][-3] => 1
        [1, 2, 3][-4] => !NotFound
        [1, 2, 3][-9223372036854775808] => !NotFound
        [1, 2, 3][9223372036854775807] => !NotFound
        [][0] => !NotFound
        [7, 8][dyn(1.0)] => 8
        [7, 8][dyn(0.5)] => !InvalidArgument
        [7, 8][dyn('a')] => !WrongType
        [7, 8][1.0] => ? wrong type of an index
        [7, 8]['a'] => ? wrong type of an index
        {'a': 1}['a'] => 1
        {'a': 1}.a => 1
        {'a': 1}['b'] => !NotFound
        {'a': 1}.b => !NotFound
        {'a': 1}[1] => ? wrong type of a key of map(string, int)
        {1: 'x'}[1] => "x"
        {1: 'x'}[dyn(1.0)] => "x"
        {1: 'x'}[dyn(1.5)] => !NotFound
        {1: 'x'}.a => ? wrong type of a key of map(int, string)
        {true: 'x'}[true] => "x"
        {true: 'x'}[false] => !NotFound
        {1: 'x', true: 'y'}[true] => "y"
        {'a': {'b': {'c': 5}}}.a.b.c => 5
        {'a': {'b': {'c': 5}}}.a['b'].c => 5
        {'a': [1, 2]}.a[-1] => 2
        {'a': 1}[dyn(null)] => !WrongType
        {'a': 1, 'b': 2, 'c': 3, 'd': 4, 'e': 5, 'f': 6, 'g': 7, 'h': 8, 'i': 9, 'j': 10}.j => 10
        {'a': 1, 'b': 2, 'c': 3, 'd': 4, 'e': 5, 'f': 6, 'g': 7, 'h': 8, 'i': 9, 'j': 10}.k => !NotFound
        'abc'[0] => ? string has no elements
        dyn('abc')[0] => !WrongType
        'abc'.a => ? string has no members
        dyn('abc').a => !NotFound
        dyn(null).a => !NotFound
        dyn([1]).a => !NotFound
        (1).a => ? int has no members
        has({'a': 1}.a) => true
        has({'a': 1}.b) => false
        has({'a': null}.a) => true
        has({'a': {}}.a.b) => false
        has({}.a.b) => !NotFound
        has({}.a.b) || true => true
        has(dyn('x').a) => !NotFound
        has(1.a) => ? int has no members
        has({'a': 1}['a']) => ? has() asks for a member
        has({'a': 1}) => ? has() asks for a member
        has({'a': 1}.a, 1) => ? has() asks for a member
        has('x'.a) => ? string has no members
        1 in [1, 2] => true
        3 in [1, 2] => false
        1.0 in [1, 2] => true
        1 in [] => false
        'a' in ['a', 'b'] => true
        [1] in [[1], [2]] => true
        {'a': 1} in [{'a': 1}] => true
        'a' in {'a': 1} => true
        'b' in {'a': 1} => false
        1 in {1: 2} => true
        dyn(1.0) in {1: 2} => true
        dyn(null) in {'a': 1} => false
        'a' in [1] => ? wrong types at 'in'
        1 in {'a': 1} => ? wrong types at 'in'
        1 in 'abc' => ? wrong types at 'in'
        1 in dyn('abc') => !WrongType
        dyn('x') in [1, 2] => false
        !(1 in [2]) => true
        """);

    [Theory]
    [MemberData(nameof(Arithmetic))]
    [MemberData(nameof(Equality))]
    [MemberData(nameof(Order))]
    [MemberData(nameof(Logic))]
    [MemberData(nameof(Access))]
    public void Gives(string expression, string expected) => Assert.Equal(expected, Facts.Give(expression));
}
