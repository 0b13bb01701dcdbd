using System.Text;

namespace Orrery.Builder.Builds;

/// <summary>Names of images' repositories from ids of models, which may be made of more.</summary>
internal static class RepositoryNames
{
    private const int Longest = 100;

    /// <summary><c>Qwen/Qwen3-8B</c> → <c>qwen-qwen3-8b</c>: small letters and digits with single dashes and dots between them.</summary>
    public static string Of(string model)
    {
        var name = new StringBuilder();
        foreach (var sign in model)
        {
            var small = char.ToLowerInvariant(sign);
            if (char.IsAsciiLetterLower(small) || char.IsAsciiDigit(small))
            {
                name.Append(small);
            }
            else if (name.Length > 0 && name[^1] is not ('-' or '.'))
            {
                name.Append(small == '.' ? '.' : '-');
            }
        }

        var text = name.ToString().TrimEnd('-', '.');
        return text.Length == 0 ? "model" : text.Length > Longest ? text[..Longest].TrimEnd('-', '.') : text;
    }
}
