using Orrery.ServiceDefaults;

namespace Orrery.Gateway.Routing;

/// <summary>The gateway's dice where the language of expressions asks for a <see cref="Random"/>. Keeps nothing, so that all requests share one.</summary>
internal sealed class DiceRandom(Dice dice) : Random
{
    private const int DoubleBits = 53;

    public override int Next() => Next(int.MaxValue);

    public override int Next(int maxValue) => (int)dice.Next(maxValue);

    public override int Next(int minValue, int maxValue) => (int)(minValue + dice.Next((long)maxValue - minValue));

    public override long NextInt64() => NextInt64(long.MaxValue);

    public override long NextInt64(long maxValue) => dice.Next(maxValue);

    public override long NextInt64(long minValue, long maxValue) => minValue + dice.Next(maxValue - minValue);

    public override double NextDouble() => dice.Next(1L << DoubleBits) / (double)(1L << DoubleBits);

    public override float NextSingle() => (float)Sample();

    public override void NextBytes(Span<byte> buffer)
    {
        for (var i = 0; i < buffer.Length; i++)
        {
            buffer[i] = (byte)dice.Next();
        }
    }

    public override void NextBytes(byte[] buffer) => NextBytes(buffer.AsSpan());

    protected override double Sample() => NextDouble();
}
