namespace Orrery.Tests.Expressions;

/// <summary>Macros and functions, after CEL's "Standard Definitions" and the extensions of cel-go for strings and lists.</summary>
public sealed class FunctionFacts
{
    public static readonly TheoryData<string, string> Macros = Facts.Table("""
        [1, 2, 3].all(x, x > 0) => true
        [1, 2, 3].all(x, x > 1) => false
        [].all(x, x > 0) => true
        [1, 0].all(x, 1 / x > 0) => !Arithmetic
        [0, 1].all(x, 1 / x > 5) => false
        [1, 2, 3].exists(x, x == 2) => true
        [1, 2, 3].exists(x, x == 4) => false
        [].exists(x, true) => false
        [0, 1].exists(x, 1 / x == 1) => true
        [0, 2].exists(x, 1 / x == 1) => !Arithmetic
        [1, 2, 2].exists_one(x, x == 1) => true
        [1, 2, 2].exists_one(x, x == 2) => false
        [].exists_one(x, true) => false
        [1, 0].exists_one(x, 1 / x == 1) => !Arithmetic
        [1, 2, 3].filter(x, x % 2 == 1) => [1, 3]
        [].filter(x, true) => []
        [1, 0].filter(x, 1 / x > 0) => !Arithmetic
        [1, 2, 3].map(x, x * x) => [1, 4, 9]
        [1, 2, 3].map(x, x > 1, x * 10) => [20, 30]
        [1, 0].map(x, 1 / x) => !Arithmetic
        [1, 0].map(x, x != 0, 1 / x) => [1]
        [[1, 2], [3]].map(x, x.map(y, y + 1)) => [[2, 3], [4]]
        [1, 2].map(x, [10, 20].map(y, x + y)) => [[11, 21], [12, 22]]
        [1].map(x, [2].map(x, x)) => [[2]]
        [1, 2].map(x, x) == [1, 2] => true
        {'a': 1, 'b': 2}.all(k, k != 'c') => true
        {'a': 1, 'b': 2}.exists(k, k == 'b') => true
        {'a': 1, 'b': 2}.exists_one(k, k == 'b') => true
        {'a': 1, 'b': 2}.map(k, k + '!') => ["a!", "b!"]
        {'a': 1, 'b': 2}.filter(k, k == 'a') => ["a"]
        [{'a': 10, 'b': 5}].map(m, m.filter(k, m[k] > 5)) => [["a"]]
        dyn([1, 2]).map(x, x + 1) => [2, 3]
        dyn({'a': 1}).map(x, x) => ["a"]
        dyn(1).map(x, x) => !WrongType
        dyn(null).all(x, true) => !WrongType
        (1).map(x, x) => ? wrong type before '.map'
        'abc'.all(x, true) => ? wrong type before '.all'
        [1].all(x, x) => ? wrong type of an operand of 'all'
        [dyn(1)].all(x, x) => !WrongType
        [dyn(1), dyn(false)].all(x, x) => false
        [dyn(1), dyn(true)].exists(x, x) => true
        [dyn(1)].filter(x, x) => !WrongType
        [dyn(1)].exists_one(x, x) => !WrongType
        [dyn(1)].map(x, x, x) => !WrongType
        [1].all(x) => ? wrong count of arguments of 'all'
        [1].map(x, true, x, x) => ? wrong count of arguments of 'map'
        [1].filter(x, true, x) => ? wrong count of arguments of 'filter'
        [1].map(1, 2) => ? 'map' names a variable first
        [1].map(a.b, 2) => ? 'map' names a variable first
        [1].map(.x, 2) => ? 'map' names a variable first
        [1].map(x, y) => ? unknown name
        [1].map(x, .x) => ? unknown name
        [1].map(x, x) + [x] => ? unknown name
        map([1], x) => ? unknown function
        [3, 1, 2].sortBy(x, x) => [1, 2, 3]
        [3, 1, 2].sortBy(x, -x) => [3, 2, 1]
        ['bb', 'a', 'ccc'].sortBy(x, x.size()) => ["a", "bb", "ccc"]
        [{'n': 'b', 'c': 1}, {'n': 'a', 'c': 1}, {'n': 'c', 'c': 0}].sortBy(m, m.c).map(m, m.n) => ["c", "b", "a"]
        [dyn(2), dyn(1.5)].sortBy(x, x) => [1.5, 2]
        [dyn(2), dyn('a')].sortBy(x, x) => !WrongType
        [1, 2].sortBy(x, [x]) => ? wrong type of a key to sort by
        [].sortBy(x, x) => []
        {'a': 1}.sortBy(k, k) => ? wrong type before '.sortBy'
        dyn({'b': 1, 'a': 2}).sortBy(k, k) => ["a", "b"]
        [1, 0].sortBy(x, 1 / x) => !Arithmetic
        """);

    public static readonly TheoryData<string, string> Conversions = Facts.Table("""
        int(1) => 1
        int(1.9) => 1
        int(-1.9) => -1
        int('42') => 42
        int('-42') => -42
        int('4.2') => !InvalidArgument
        int('') => !InvalidArgument
        int(' 1') => !InvalidArgument
        int('0x10') => !InvalidArgument
        int('9223372036854775808') => !InvalidArgument
        int(1e19) => !Arithmetic
        int(9223372036854775807.0) => !Arithmetic
        int(-9223372036854775808.0) => !Arithmetic
        int(0.0/0.0) => !Arithmetic
        int(true) => ? wrong types of arguments of 'int'
        int(dyn(true)) => !WrongType
        int(null) => ? wrong types of arguments of 'int'
        double(1) => 1.0
        double(1.5) => 1.5
        double('1.5') => 1.5
        double('1e3') => 1000.0
        double('NaN') => NaN
        double('-Infinity') => -Infinity
        double('x') => !InvalidArgument
        double('1,000') => !InvalidArgument
        double('') => !InvalidArgument
        double(9223372036854775807) == 9223372036854775807.0 => true
        string('a') => "a"
        string(1) => "1"
        string(-9223372036854775808) => "-9223372036854775808"
        string(1.5) => "1.5"
        string(1.0) => "1"
        string(1e30) => "1e+30"
        string(true) => "true"
        string(null) => ? wrong types of arguments of 'string'
        string([1]) => ? wrong types of arguments of 'string'
        string(dyn([1])) => !WrongType
        bool(true) => true
        bool('true') => true
        bool('FALSE') => false
        bool('t') => true
        bool('0') => false
        bool('yes') => !InvalidArgument
        bool('tRuE') => !InvalidArgument
        dyn(1) => 1
        type(1) => int
        type([1]) == list => true
        int() => ? wrong count of arguments of 'int'
        int(1, 2) => ? wrong count of arguments of 'int'
        (1).int() => ? 'int' is not called like this
        size('') => 0
        size('abc') => 3
        'héé'.size() => 3
        '😀a'.size() => 2
        [1, 2].size() => 2
        size({'a': 1}) => 1
        size(1) => ? wrong types of arguments of 'size'
        size(dyn(1)) => !WrongType
        size() => ? wrong count of arguments of 'size'
        'a'.size('b') => ? wrong count of arguments of 'size'
        [1 / 0].size() => !Arithmetic
        """);

    public static readonly TheoryData<string, string> Strings = Facts.Table("""
        'abc'.startsWith('ab') => true
        'abc'.startsWith('') => true
        'abc'.startsWith('b') => false
        'abc'.startsWith('abcd') => false
        'abc'.endsWith('bc') => true
        'abc'.endsWith('ab') => false
        'abc'.contains('b') => true
        'abc'.contains('') => true
        'abc'.contains('d') => false
        'abc'.contains(1) => ? wrong types of arguments of 'contains'
        contains('abc', 'a') => ? 'contains' is not called like this
        dyn(1).contains('a') => !WrongType
        'AbÉ'.lowerAscii() => "abÉ"
        'aBé'.upperAscii() => "ABé"
        '  a b\t'.trim() => "a b"
        'abc'.charAt(0) => "a"
        'abc'.charAt(3) => ""
        'abc'.charAt(4) => !InvalidArgument
        'abc'.charAt(-1) => !InvalidArgument
        'a😀b'.charAt(2) => "b"
        'a😀b'.charAt(1) == '😀' => true
        'a😀b'.charAt(4) => !InvalidArgument
        'hello'.indexOf('l') => 2
        'hello'.indexOf('l', 3) => 3
        'hello'.indexOf('z') => -1
        'hello'.indexOf('') => 0
        'hello'.indexOf('', 2) => 2
        'hello'.indexOf('l', 9) => !InvalidArgument
        'a😀b'.indexOf('b') => 2
        'hello'.lastIndexOf('l') => 3
        'hello'.lastIndexOf('l', 2) => 2
        'hello'.lastIndexOf('lo', 3) => 3
        'hello'.lastIndexOf('') => 5
        'hello'.lastIndexOf('z') => -1
        'hello'.substring(2) => "llo"
        'hello'.substring(5) => ""
        'hello'.substring(1, 3) => "el"
        'hello'.substring(2, 2) => ""
        'hello'.substring(6) => !InvalidArgument
        'hello'.substring(3, 2) => !InvalidArgument
        'hello'.substring(0, 9) => !InvalidArgument
        'a😀b'.substring(2) => "b"
        'a-b-c'.replace('-', '+') => "a+b+c"
        'a-b-c'.replace('-', '+', 1) => "a+b-c"
        'a-b-c'.replace('-', '+', 0) => "a-b-c"
        'a-b-c'.replace('-', '+', -1) => "a+b+c"
        'abc'.replace('', '_') => "_a_b_c_"
        'abc'.replace('b', '') => "ac"
        'a,b,c'.split(',') => ["a", "b", "c"]
        'a,b,c'.split(',', 2) => ["a", "b,c"]
        'a,b,c'.split(',', 1) => ["a,b,c"]
        'a,b,c'.split(',', 0) => []
        'a,b,c'.split(',', -1) => ["a", "b", "c"]
        'abc'.split('') => ["a", "b", "c"]
        'abc'.split('', 2) => ["a", "bc"]
        ',a,'.split(',') => ["", "a", ""]
        ''.split(',') => [""]
        ''.split('') => []
        ['a', 'b'].join() => "ab"
        ['a', 'b'].join(', ') => "a, b"
        [].join(',') => ""
        ['a'].join(',') => "a"
        [1].join(',') => ? wrong types of arguments of 'join'
        [dyn(1)].join(',') => !WrongType
        'a'.frobnicate() => ? unknown function
        """);

    public static readonly TheoryData<string, string> Lists = Facts.Table("""
        [1, 2, 3].reverse() => [3, 2, 1]
        [3, 1, 2].sort() => [1, 2, 3]
        ['b', 'a'].sort() => ["a", "b"]
        [dyn(1), dyn('a')].sort() => !WrongType
        [dyn([1])].sort() => !WrongType
        [0.0/0.0, 1.0, -1.0].sort().size() => 3
        math.least(3, 1, 2) => 1
        math.greatest(3, 1, 2) => 3
        math.greatest(1.5, 2.5) => 2.5
        math.greatest([3, 1, 2]) => 3
        math.least([]) => !InvalidArgument
        math.greatest(dyn(1), dyn(2.5)) => 2.5
        math.greatest(5) => 5
        math.greatest('a', 'b') => ? wrong types of arguments of 'math.greatest'
        math.greatest(dyn('a')) => !WrongType
        math.greatest([dyn('a')]) => !WrongType
        [1, 2, 3].random().size() => 3
        [1, 2, 3].random().sort() => [1, 2, 3]
        [].random() => []
        """);

    public static readonly TheoryData<string, string> Patterns = Facts.Table("""
        'foobar'.matches('foo.*') => true
        matches('foobar', 'o{2}b') => true
        'foobar'.matches('^bar') => false
        'foobar'.matches('bar$') => true
        'foo\n'.matches('foo$') => false
        'foo\nbar'.matches('(?m)foo$') => true
        'foo\nbar'.matches('(?m)^bar') => true
        'foo\nbar'.matches('foo.bar') => false
        'foo\nbar'.matches('(?s)foo.bar') => true
        'FOO'.matches('(?i)foo') => true
        'FOO'.matches('(?i:f)oo') => false
        'fOO'.matches('f(?i)oo') => true
        ''.matches('') => true
        'abc'.matches('') => true
        '٣'.matches('\\d') => false
        '3'.matches(r'\d') => true
        'é'.matches(r'\w') => false
        'é'.matches(r'\W') => true
        '\u00a0'.matches(r'\s') => false
        ' '.matches(r'\s') => true
        'é'.matches(r'^\pL$') => true
        'é'.matches(r'^\p{Lu}$') => false
        'É'.matches(r'^\p{Lu}$') => true
        'é'.matches(r'\P{L}') => false
        '1'.matches(r'\p{^L}') => true
        '😀'.matches('^.$') => true
        '😀'.matches('^..$') => false
        '😀'.matches('^[^a]$') => true
        '😀😀'.matches('^😀+$') => true
        '😀'.matches('[😀x]') => true
        'y'.matches('[😀x]') => false
        'a😀'.matches(r'^\D{2}$') => true
        'a]'.matches('[]]') => true
        'a-'.matches('[a-]-?') => true
        '-'.matches('[-a]') => true
        '^'.matches('[a^]') => true
        'b'.matches('[^^a]') => true
        'x'.matches('[[:alpha:]]') => true
        '5'.matches('[[:alpha:]]') => false
        '_'.matches(r'[\w-]') => true
        '5'.matches(r'[^\d]') => false
        'A'.matches(r'\x41') => true
        'A'.matches(r'\x{41}') => true
        'A'.matches(r'\101') => true
        'a.b'.matches(r'a\.b') => true
        'axb'.matches(r'a\.b') => false
        'a.b'.matches(r'\Qa.b\E$') => true
        'axb'.matches(r'\Qa.b\E') => false
        'ab'.matches(r'\Aab\z') => true
        'a b'.matches(r'\bb') => true
        'foo'.matches('(?P<name>foo)') => true
        'foo'.matches('(?<name>foo)') => true
        'aaa'.matches('^a{2,3}$') => true
        'aaaa'.matches('^a{2,3}$') => false
        'aaaa'.matches('^a{2,}$') => true
        'a{,2}'.matches('^a{,2}$') => true
        'aab'.matches('a+?b') => true
        'ab'.matches('a|b|c') => true
        'x#y'.matches('x#y') => true
        'x y'.matches('x y') => true
        'foo'.matches('(') => ? invalid pattern
        'foo'.matches(')') => ? invalid pattern
        'foo'.matches('[') => ? invalid pattern
        'foo'.matches('[z-a]') => ? invalid pattern
        'foo'.matches('*') => ? invalid pattern
        'foo'.matches('a**') => ? invalid pattern
        'foo'.matches('a{2}{3}') => ? invalid pattern
        'foo'.matches('a{1001}') => ? invalid pattern
        'foo'.matches('a{3,2}') => ? invalid pattern
        'foo'.matches('(a{100}){100}') => ? invalid pattern
        'foo'.matches(r'(a)\1') => ? invalid pattern
        'foo'.matches('(?=a)') => ? invalid pattern
        'foo'.matches('(?<=a)') => ? invalid pattern
        'foo'.matches('(?!a)') => ? invalid pattern
        'foo'.matches('(?>a)') => ? invalid pattern
        'foo'.matches(r'\k<a>') => ? invalid pattern
        'foo'.matches(r'\p{Greek}') => ? invalid pattern
        'foo'.matches(r'\y') => ? invalid pattern
        'foo'.matches('a\\') => ? invalid pattern
        'foo'.matches('[😀-😎]') => ? invalid pattern
        'foo'.matches('f' + 'oo') => true
        'foo'.matches('(' + '') => !InvalidArgument
        'foo'.matches(1) => ? wrong types of arguments of 'matches'
        """);

    [Theory]
    [MemberData(nameof(Macros))]
    [MemberData(nameof(Conversions))]
    [MemberData(nameof(Strings))]
    [MemberData(nameof(Lists))]
    [MemberData(nameof(Patterns))]
    public void Gives(string expression, string expected) => Assert.Equal(expected, Facts.Give(expression));
}
