using System.Globalization;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Routing;

/// <summary>An endpoint's health at one moment, for those who choose and those who explain.</summary>
/// <param name="Remaining">How long its ejection still lasts; zero or less: it has ended, or there is none.</param>
/// <param name="Cause">Why it is ejected.</param>
/// <param name="Pause">How long its engine still wants to be left alone; zero or less: it does not.</param>
/// <param name="PauseCause">With which error it said so.</param>
/// <param name="DownReason">What the health check that took it out found.</param>
internal readonly record struct HealthView(EndpointState State, TimeSpan Remaining, SendErrorKind Cause, TimeSpan Pause, SendErrorKind PauseCause, string DownReason)
{
    /// <summary>How little hope there is for a request that goes there all the same; 0: all is well.</summary>
    /// <remarks>What cannot be reached is worse than what fails some requests or asks for a pause.</remarks>
    public int Badness => State switch
    {
        EndpointState.InService => 0,
        EndpointState.Probing => 1,
        EndpointState.Down => 5,
        EndpointState.Cooling => 3,
        _ => Cause is SendErrorKind.ConnectFailed or SendErrorKind.ConnectTimeout ? 4 : 2,
    };

    /// <summary>In words, for explanations.</summary>
    public override string ToString() => State switch
    {
        EndpointState.InService => "healthy",
        EndpointState.Down => $"down ({DownReason})",
        EndpointState.Probing => $"to be probed ({Cause})",
        _ => string.Create(CultureInfo.InvariantCulture, $"{State.Text()} for {Remaining.TotalSeconds:0.0} s more ({Cause})"),
    };
}
