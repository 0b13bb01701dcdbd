namespace Orrery.Tests.Kubernetes;

/// <summary>One thing that is wrong with a chart.</summary>
/// <param name="Template">The template that rendered the object.</param>
/// <param name="Object"><c>Kind/name</c>.</param>
/// <param name="Path">The field, for example <c>spec.ports[0].targetPort</c>.</param>
/// <param name="Value">What stands there.</param>
/// <param name="Expected">What would be right.</param>
internal sealed record Finding(string Template, string Object, string Path, string Value, string Expected)
{
    public override string ToString() => $"{Template}: {Object}: {(Path.Length == 0 ? "(document)" : Path)} is {Value}; expected {Expected}";
}
