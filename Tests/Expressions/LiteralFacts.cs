namespace Orrery.Tests.Expressions;

/// <summary>Literals and the grammar, after CEL's language definition ("Syntax", "Values").</summary>
public sealed class LiteralFacts
{
    public static readonly TheoryData<string, string> Numbers = Facts.Table("""
        0 => 0
        42 => 42
        007 => 7
        -42 => -42
        9223372036854775807 => 9223372036854775807
        -9223372036854775808 => -9223372036854775808
        9223372036854775808 => ? number out of range
        -9223372036854775809 => ? number out of range
        99999999999999999999999 => ? number out of range
        0x0 => 0
        0xFF => 255
        0xabCD => 43981
        -0x10 => -16
        0x7fffffffffffffff => 9223372036854775807
        -0x8000000000000000 => -9223372036854775808
        0x8000000000000000 => ? number out of range
        0xFFFFFFFFFFFFFFFFF => ? number out of range
        1.5 => 1.5
        .5 => 0.5
        -.5 => -0.5
        1e3 => 1000.0
        1E3 => 1000.0
        1e+3 => 1000.0
        25e-2 => 0.25
        .7e1 => 7.0
        -0.0 => -0.0
        1e400 => ? number out of range
        1. => ? syntax error
        1.e3 => ? int has no members
        1u => ? unsigned integers are left out of this subset of CEL
        0x1U => ? unsigned integers are left out of this subset of CEL
        12ab => ? syntax error
        0x => ? syntax error
        true => true
        false => false
        null => null
        --1 => 1
        ---1 => -1
        -(-(1)) => 1
        !!true => true
        !!!true => false
        !-1 => ? wrong type of an operand of '!'
        -!true => ? syntax error
        """);

    public static readonly TheoryData<string, string> Strings = Facts.Table("""
        '' => ""
        "" => ""
        'a' => "a"
        "it's" => "it's"
        'say "x"' => "say \"x\""
        '\'' => "'"
        "\"" => "\""
        '\\' => "\\"
        '\?' => "?"
        '\`' => "`"
        size('\a\b\f\n\r\t\v') => 7
        '\a' == '\x07' && '\b' == '\x08' && '\f' == '\x0c' && '\v' == '\x0b' => true
        '\n' == '\x0a' && '\r' == '\X0D' && '\t' == '\x09' => true
        '\101\102' => "AB"
        '\377' == '\u00ff' => true
        '\303\277' == 'Ã¿' => true
        '\x41' => "A"
        '\u00e9' => "é"
        '\U0001F600' == '😀' => true
        size('\U0001F600') => 1
        '\ud83d' => ? no such Unicode code point
        '\uD83D\uDE03' => ? no such Unicode code point
        '\U00110000' => ? no such Unicode code point
        '\s' => ? unknown escape in a string
        '\8' => ? unknown escape in a string
        '\400' => ? unknown escape in a string
        '\12' => ? unknown escape in a string
        '\x4' => ? unknown escape in a string
        '\xg0' => ? unknown escape in a string
        '\u12' => ? unknown escape in a string
        '\U0001F60' => ? unknown escape in a string
        r'\n' == '\\n' => true
        R"\d+" => "\\d+"
        r'\' => "\\"
        size(r"\\") => 2
        '''x''x''' => "x''x"
        '''''' => ""
        '''"''' => "\""
        '''\x41''' => "A"
        r'''\x41''' => "\\x41"
        'a' 'b' => ? syntax error
        'open => ? the string that begins here does not end
        '''open' => ? the string that begins here does not end
        'open\' => ? the string that begins here does not end
        b'x' => ? bytes are left out of this subset of CEL
        B"x" => ? bytes are left out of this subset of CEL
        """);

    public static readonly TheoryData<string, string> Containers = Facts.Table("""
        [] => []
        [1] => [1]
        [1,] => [1]
        [1, 2, 3] => [1, 2, 3]
        [1, 'a', null, true, 2.5] => [1, "a", null, true, 2.5]
        [[1], [[2]]] => [[1], [[2]]]
        [,] => ? syntax error
        [1, 2 => ? syntax error
        {} => {}
        {'a': 1} => {"a": 1}
        {'a': 1,} => {"a": 1}
        {'b': 1, 'a': 2} => {"b": 1, "a": 2}
        {1: 'x', true: 'y', 'z': 3} => {1: "x", true: "y", "z": 3}
        {'a': 1, 'a': 2} => ? the map has this key twice
        {1: 1, 1: 2} => ? the map has this key twice
        {'a': 1, 'a' + '': 2} => !InvalidArgument
        {1.5: 1} => ? wrong type of a key
        {null: 1} => ? wrong type of a key
        {[1]: 1} => ? wrong type of a key
        {dyn(1.5): 1} => !WrongType
        {'a' 1} => ? syntax error
        {'a': } => ? syntax error
        {'a': {'b': [1, {'c': 2}]}} => {"a": {"b": [1, {"c": 2}]}}
        Point{x: 1} => ? messages are left out of this subset of CEL
        a.b.Point{} => ? messages are left out of this subset of CEL
        """);

    public static readonly TheoryData<string, string> Grammar = Facts.Table("""
        1 + 2 * 3 => 7
        (1 + 2) * 3 => 9
        10 - 4 - 3 => 3
        100 / 10 / 5 => 2
        7 % 4 * 2 => 6
        2 * 7 % 4 => 2
        1 + 2 == 3 => true
        1 < 2 == true => true
        true == 1 < 2 => ? wrong types at '=='
        1 < 2 && 2 < 3 => true
        true || false && false => true
        (true || false) && false => false
        true ? 1 : 2 => 1
        false ? 1 : true ? 2 : 3 => 2
        true ? true ? 1 : 2 : 3 => ? syntax error
        true ? (false ? 1 : 2) : 3 => 2
        1 == 1 ? 'y' : 'n' => "y"
        -2 * -3 => 6
        2 - -3 => 5
        2--3 => 5
        2 -3 => -1
        [1][0] + [2][0] => 3
        {'a': [5]}.a[0] => 5
        !true || true => true
        1 in [1] == true => true
        1 in [1] && 2 in [2] => true
        'a' in {'a': 1} ? 1 : 0 => 1
        1 // to the end => 1
        1 + /* no */ 2 => ? syntax error
        ( 1 ) => 1
        ((((1)))) => 1
        1 + => ? syntax error
        + 1 => ? syntax error
        () => ? syntax error
        1 2 => ? syntax error
        1 = 1 => ? unknown operator
        true & true => ? unknown operator
        true | true => ? unknown operator
        1 === 1 => ? unknown operator
        a.b. => ? syntax error
        @ => ? unknown character
        size(1,) => ? syntax error
        [1].in => ? syntax error
        {'package': 1}.package => 1
        {'a': 1}.true => ? syntax error
        package => ? CEL reserves this word
        while(1) => ? CEL reserves this word
        """);

    [Theory]
    [MemberData(nameof(Numbers))]
    [MemberData(nameof(Strings))]
    [MemberData(nameof(Containers))]
    [MemberData(nameof(Grammar))]
    public void Reads(string expression, string expected) => Assert.Equal(expected, Facts.Give(expression));

    [Theory]
    [InlineData("'''a\nb'''", "a\nb")]
    [InlineData("\"\"\"a\r\nb\"\"\"", "a\r\nb")]
    [InlineData("'a' // comment\n + 'b'", "ab")]
    [InlineData("\t'a'\f+\r\n'b'", "ab")]
    [InlineData("// first\n'a'", "a")]
    public void Reads_over_lines(string expression, string expected) => Assert.Equal($"\"{System.Text.Json.JsonEncodedText.Encode(expected)}\"", Facts.Give(expression));

    [Fact]
    public void A_string_in_single_quotes_ends_with_its_line() => Assert.Equal("? a string ends with its line", Facts.Give("'a\nb'"));
}
