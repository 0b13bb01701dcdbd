using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The name of the manifest entry that holds a conditional expression: stable, so that two writers of one graph agree.</summary>
internal static class ConditionalName
{
    public static string Of(ReferenceExpression expression)
    {
        var condition = ((IManifestExpressionProvider)expression.Condition!).ValueExpression;
        var text = condition + expression.WhenTrue!.ValueExpression + expression.WhenFalse!.ValueExpression + expression.MatchValue;
        var hash = XxHash32(Encoding.UTF8.GetBytes(text)).ToString("x8", CultureInfo.InvariantCulture);
        return $"cond-{Sanitised(condition)}-{hash}";
    }

    private static string Sanitised(string condition)
    {
        var name = new StringBuilder(condition.Length);
        foreach (var letter in condition)
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                name.Append(char.ToLowerInvariant(letter));
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }

        return name.ToString().TrimEnd('-');
    }

    // xxHash, 32 bits, seed 0 (Yann Collet's specification); System.IO.Hashing is not on every feed.
    internal static uint XxHash32(ReadOnlySpan<byte> data)
    {
        const uint p1 = 2654435761, p2 = 2246822519, p3 = 3266489917, p4 = 668265263, p5 = 374761393;
        var length = (uint)data.Length;
        uint hash = p5;
        if (data.Length >= 16)
        {
            Span<uint> lanes = [unchecked(p1 + p2), p2, 0, unchecked(0 - p1)];
            for (; data.Length >= 16; data = data[16..])
            {
                for (var i = 0; i < 4; i++)
                {
                    lanes[i] = BitOperations.RotateLeft(lanes[i] + (BinaryPrimitives.ReadUInt32LittleEndian(data[(i * 4)..]) * p2), 13) * p1;
                }
            }

            hash = BitOperations.RotateLeft(lanes[0], 1) + BitOperations.RotateLeft(lanes[1], 7)
                + BitOperations.RotateLeft(lanes[2], 12) + BitOperations.RotateLeft(lanes[3], 18);
        }

        hash += length;
        for (; data.Length >= 4; data = data[4..])
        {
            hash = BitOperations.RotateLeft(hash + (BinaryPrimitives.ReadUInt32LittleEndian(data) * p3), 17) * p4;
        }

        foreach (var one in data)
        {
            hash = BitOperations.RotateLeft(hash + (one * p5), 11) * p1;
        }

        hash = (hash ^ (hash >> 15)) * p2;
        hash = (hash ^ (hash >> 13)) * p3;
        return hash ^ (hash >> 16);
    }
}
