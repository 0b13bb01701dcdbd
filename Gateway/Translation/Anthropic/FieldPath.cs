namespace Orrery.Gateway.Translation.Anthropic;

/// <summary>The name of a place in a message, put into words only when it is wrong.</summary>
/// <param name="Part">Which element of it; below 0: all of it.</param>
internal readonly record struct FieldPath(int Message, string Member, int Part = -1)
{
    public override string ToString() => Part < 0 ? $"messages[{Message}].{Member}" : $"messages[{Message}].{Member}[{Part}]";
}
