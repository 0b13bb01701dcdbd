namespace Orrery.Contracts.Transforms;

/// <summary>What must stand together in one operation's transforms.</summary>
internal static class OperationRules
{
    public static void Check(OperationTransform transform, RequestShape shape, string field, FieldErrors errors)
    {
        if (transform.Request.Method is { } method)
        {
            errors.RequireOneOf(field + ".request.method", method, TransformMethods.OfRequests);
        }

        if (transform.Request.Headers?.Count > RequestHeaders.Most)
        {
            errors.Add(field + ".request.headers", $"{transform.Request.Headers.Count} headers", $"at most {RequestHeaders.Most}");
        }

        foreach (var (name, value) in transform.Request.Headers ?? new Dictionary<string, string>())
        {
            CheckHeader(name, value, $"{field}.request.headers.{name}", errors);
        }

        var isSpeech = shape == RequestShape.Speech;
        if (transform.Response is null != isSpeech)
        {
            errors.Add(field + ".response", null, isSpeech ? "nothing: the bytes of speech are sent on as they come" : "required: a body that says what the whole answer says");
        }

        var mayStream = shape == RequestShape.Chat || shape == RequestShape.Completions;
        if (transform.Stream is not null && (!mayStream || transform.Job is not null))
        {
            errors.Add(field + ".stream", null, mayStream ? "nothing: a job is answered whole" : "nothing: this operation has no stream of text");
        }

        if (transform.Job is not null && isSpeech)
        {
            errors.Add(field + ".job", null, "nothing: speech is answered at once");
        }
    }

    private static void CheckHeader(string name, string value, string field, FieldErrors errors)
    {
        if (RequestHeaders.IsCredential(name))
        {
            errors.Add(field, null, "no credential", "Put it into a Secret and name it in apiKeySecretRef or secretHeaders.");
        }
        else if (RequestHeaders.CheckName(name) is { } expected)
        {
            errors.Add(field, name, expected);
        }
        else if (RequestHeaders.CheckValue(value) is { } expectedValue)
        {
            errors.Add(field, value, expectedValue);
        }
    }
}
