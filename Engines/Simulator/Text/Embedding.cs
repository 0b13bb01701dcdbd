namespace Orrery.Simulator.Text;

/// <summary>
/// Vectors that are the same for the same text and near each other for texts that share words: the normalised sum of one random vector a token.
/// </summary>
internal static class Embedding
{
    public static float[] Of(string model, ReadOnlySpan<int> tokens, int dimensions)
    {
        var vector = new float[dimensions];
        var salt = StableHash.Add(0UL, model);
        foreach (var token in tokens)
        {
            var state = StableHash.Add(salt, (ulong)token);
            for (var i = 0; i < dimensions; i++)
            {
                state = StableHash.Mix(state + 0x9E3779B97F4A7C15);
                vector[i] += (int)(uint)(state >> 32) / (float)int.MaxValue;
            }
        }

        var length = MathF.Sqrt(vector.Sum(value => value * value));
        for (var i = 0; i < dimensions; i++)
        {
            vector[i] = length > 0 ? vector[i] / length : 0;
        }

        return vector;
    }
}
