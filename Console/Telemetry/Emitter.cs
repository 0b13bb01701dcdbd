namespace Orrery.WebConsole.Telemetry;

/// <summary>Who sends telemetry: one process, OpenTelemetry's resource. One object for all that it sends.</summary>
/// <param name="Service"><c>service.name</c>.</param>
/// <param name="Instance"><c>service.instance.id</c>; the service's name where it gives none.</param>
/// <param name="Tags">Everything else it says of itself.</param>
public sealed record Emitter(string Service, string Instance, Tag[] Tags);
