using Orrery.ServiceDefaults.Egress;

namespace Orrery.Builder.Bundles;

/// <summary>Why a bundle is not made or not taken.</summary>
/// <param name="message">A sentence without its dot.</param>
internal sealed class BundleException(string message, string remedy) : Exception(message)
{
    public string Remedy { get; } = remedy;

    /// <summary>What was asked for makes no sense, as against what does not work.</summary>
    public bool IsMisuse { get; private init; }

    public static BundleException Misuse(string message, string remedy) => new(message, remedy) { IsMisuse = true };

    /// <param name="about">Whose image it is about; <c>null</c>: the message says enough.</param>
    public static BundleException Of(RemoteFailure failure, string? about = null) => new(
        about is null ? failure.Fault.Message : $"{about}: {failure.Fault.Message}",
        failure.Fault.Cause == RemoteCauses.AccessDenied ? $"{failure.Fault.Remedy} --credentials FILE gives users and passwords." : failure.Fault.Remedy);
}
