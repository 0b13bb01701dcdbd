using System.Security.Cryptography;
using Aspire.Hosting.Publishing;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What a parameter is when nothing is configured.</summary>
public abstract class ParameterDefault
{
    /// <summary>The value.</summary>
    public abstract string GetDefaultValue();

    /// <summary>Writes, into the parameter's <c>default</c> object, how a deployment tool makes the value.</summary>
    public abstract void WriteToManifest(ManifestPublishingContext context);
}

/// <summary>A fixed default.</summary>
internal sealed class ConstantParameterDefault(Func<string> value) : ParameterDefault
{
    public override string GetDefaultValue() => value();

    public override void WriteToManifest(ManifestPublishingContext context) => context.Writer.WriteString("value", value());
}

/// <summary>A random default: at least <see cref="MinLength"/> characters from the allowed classes, with the given least number of each.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    // No characters that are easily mistaken for each other, and no special ones that shells, URLs or connection strings give a meaning.
    private const string LowerLetters = "abcdefghjkmnpqrstuvwxyz";
    private const string UpperLetters = "ABCDEFGHJKMNPQRSTUVWXYZ";
    private const string Digits = "0123456789";
    private const string Specials = "-_.{}~()*+!";

    /// <summary>The least length. Default 22, about 125 bits.</summary>
    public int MinLength { get; set; } = 22;

    /// <summary>Whether lower-case letters may occur. Default true.</summary>
    public bool Lower { get; set; } = true;

    /// <summary>Whether upper-case letters may occur. Default true.</summary>
    public bool Upper { get; set; } = true;

    /// <summary>Whether digits may occur. Default true.</summary>
    public bool Numeric { get; set; } = true;

    /// <summary>Whether <c>-_.{}~()*+!</c> may occur. Default true.</summary>
    public bool Special { get; set; } = true;

    /// <summary>How many lower-case letters must occur. Default 0.</summary>
    public int MinLower { get; set; }

    /// <summary>How many upper-case letters must occur. Default 0.</summary>
    public int MinUpper { get; set; }

    /// <summary>How many digits must occur. Default 0.</summary>
    public int MinNumeric { get; set; }

    /// <summary>How many special characters must occur. Default 0.</summary>
    public int MinSpecial { get; set; }

    /// <summary>A new random value.</summary>
    /// <exception cref="InvalidOperationException">No class is allowed, or one is demanded that is not allowed.</exception>
    public override string GetDefaultValue()
    {
        (string Letters, bool Allowed, int Least)[] classes =
            [(LowerLetters, Lower, MinLower), (UpperLetters, Upper, MinUpper), (Digits, Numeric, MinNumeric), (Specials, Special, MinSpecial)];
        if (classes.All(one => !one.Allowed) || classes.Any(one => !one.Allowed && one.Least > 0))
        {
            throw new InvalidOperationException("A generated parameter needs at least one class of characters, and a class it demands must be allowed.");
        }

        var letters = new List<char>();
        foreach (var (set, _, least) in classes)
        {
            letters.AddRange(RandomNumberGenerator.GetItems<char>(set, least));
        }

        var all = string.Concat(classes.Where(one => one.Allowed).Select(one => one.Letters));
        letters.AddRange(RandomNumberGenerator.GetItems<char>(all, Math.Max(0, MinLength - letters.Count)));
        var value = letters.ToArray();
        RandomNumberGenerator.Shuffle<char>(value);
        return new string(value);
    }

    /// <summary>Writes <c>"generate": { "minLength": …, … }</c>; what is as by default is left out.</summary>
    public override void WriteToManifest(ManifestPublishingContext context)
    {
        var json = context.Writer;
        json.WriteStartObject("generate");
        json.WriteNumber("minLength", MinLength);
        WriteForbidden("lower", Lower);
        WriteForbidden("upper", Upper);
        WriteForbidden("numeric", Numeric);
        WriteForbidden("special", Special);
        WriteLeast("minLower", MinLower);
        WriteLeast("minUpper", MinUpper);
        WriteLeast("minNumeric", MinNumeric);
        WriteLeast("minSpecial", MinSpecial);
        json.WriteEndObject();

        void WriteForbidden(string name, bool allowed)
        {
            if (!allowed)
            {
                json.WriteBoolean(name, false);
            }
        }

        void WriteLeast(string name, int least)
        {
            if (least > 0)
            {
                json.WriteNumber(name, least);
            }
        }
    }
}
