using Orrery.Contracts;

namespace Orrery.ServiceDefaults.Egress;

/// <summary>Why a connection to a provider was not made. The message is for operators; <see cref="Shown"/> names no address and may be told to anybody.</summary>
/// <param name="cause">One of <see cref="EgressCauses"/>.</param>
public sealed class EgressException(string cause, string shown, string message, string remedy, Exception? inner = null) : IOException(message, inner)
{
    public string Cause { get; } = cause;

    public string Shown { get; } = shown;

    public string Remedy { get; } = remedy;

    public static EgressException Of(EgressFault fault) =>
        new(fault.Cause, "the rule for connections refuses its address", $"{fault.Reason}; expected {fault.Expected}", fault.Remedy);
}
