namespace Orrery.Builder.Targets.Kubernetes.Client;

/// <summary>The API server refused, or could not be asked.</summary>
/// <param name="status">Its HTTP status; 0: there was no answer.</param>
/// <param name="reason">Its own word: <c>NotFound</c>, <c>Conflict</c>, <c>Expired</c>.</param>
/// <param name="message">One sentence with the remedy; no secrets.</param>
internal sealed class KubernetesException(int status, string reason, string message, Exception? inner = null) : Exception(message, inner)
{
    public int Status { get; } = status;

    public string Reason { get; } = reason;

    /// <summary>Whether trying again without a change is of no use.</summary>
    public bool IsFinal => Status is 400 or 401 or 403 or 405 or 409 or 415 or 422 && !IsPassing;

    /// <summary>A refusal that is over by itself: a quota frees up, a namespace has gone, an object was changed at the same moment.</summary>
    private bool IsPassing => Message.Contains("exceeded quota", StringComparison.Ordinal) || Reason is "ObjectIsBeingDeleted" or "NamespaceTerminating" or "WrongUid";

    public TargetException AsTargetException() => new(Reason, Message, IsFinal, this);
}
