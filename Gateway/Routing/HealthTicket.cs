namespace Orrery.Gateway.Routing;

/// <summary>What a request was let in with; its end is reported with it, so that what began before a change is not taken for news.</summary>
internal readonly record struct HealthTicket(int Epoch, bool IsProbe);
