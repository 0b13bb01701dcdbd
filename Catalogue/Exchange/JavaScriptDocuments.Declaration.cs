using Orrery.Catalogue.Documents;

namespace Orrery.Catalogue.Exchange;

/// <summary>What may stand before the literal.</summary>
internal sealed partial class JavaScriptDocuments
{
    /// <summary><c>export default</c>, <c>module.exports =</c>, <c>export const models: Model[] =</c>, or nothing.</summary>
    private void SkipDeclaration()
    {
        _source.SkipBlanks();
        var (start, at) = (_source.At, _source.Here);
        var isExported = TakeWord("export");
        if (isExported && TakeWord("default"))
        {
            return;
        }

        if (TakeWord("const") || TakeWord("let") || TakeWord("var"))
        {
            SkipName(at);
        }
        else if (!isExported && (TakeWord("module") || TakeWord("exports")))
        {
            while (TakeSign('.'))
            {
                _source.TakeName();
                _source.SkipBlanks();
            }

            Require('=', "'=' and the literal after module.exports");
        }
        else if (isExported || _source.PeekName() is "import" or "interface" or "type" or "class" or "function" or "async" or "if" or "for" or "return")
        {
            _source.At = start;
            throw new UnreadableDocumentException(
                "an object literal, or an array of them", at,
                "Paste the literal alone, or after export default, module.exports = or const name =. " + NeverEvaluated);
        }
    }

    private void SkipName(Position at)
    {
        if (_source.TakeName().Length == 0)
        {
            throw new UnreadableDocumentException("a name after const, let or var", at, "A pattern takes the literal apart; " + NeverEvaluated);
        }

        if (TakeSign(':') && !_skipping.SkipType())
        {
            throw new UnreadableDocumentException("a type after the ':'", _source.Here);
        }

        Require('=', "'=' and the literal after the name");
    }
}
