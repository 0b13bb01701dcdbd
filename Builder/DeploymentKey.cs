namespace Orrery.Builder;

/// <summary>Which deployment. The uid tells one incarnation of a name from the next, so nothing of a deleted one is taken for the new one's.</summary>
internal sealed record DeploymentKey(string Namespace, string Name, string Uid)
{
    public override string ToString() => $"ModelDeployment '{Name}' in namespace '{Namespace}'";
}
