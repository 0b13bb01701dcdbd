using System.Globalization;
using System.Text.Json;
using Orrery.Contracts;
using Orrery.Contracts.Transforms;
using Orrery.Expressions;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>Errors as a provider's own expression tells them; without one, or where it tells nothing, as other servers' are read.</summary>
internal static class CustomErrors
{
    private const int LongestMessage = 500;
    private const string Field = "spec.transforms.error";

    /// <summary>An answer that is no success.</summary>
    public static SendError Read(Candidate candidate, Expression? expression, int status, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        if (expression is not null && TryParse(body) is { } document)
        {
            using (document)
            {
                var result = expression.Evaluate(Value.Json(document.RootElement), status);
                if (result.Error is null && Of(candidate, result.Value, status, Field) is { } error)
                {
                    return error with { RetryAfter = retryAfter };
                }
            }
        }

        return UpstreamErrors.Read(candidate, status, body, retryAfter);
    }

    /// <summary>Whether an answer of status 200, or an event, is an error.</summary>
    public static SendError? Find(Candidate candidate, Expression? expression, JsonElement answer)
    {
        if (expression is null)
        {
            return TransformErrors.HasError(answer)
                ? UpstreamErrors.Read(candidate, StatusCodes.Status200OK, System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(answer), retryAfter: null)
                : null;
        }

        var result = expression.Evaluate(Value.Json(answer), StatusCodes.Status200OK);
        return result.Error is { } fault ? TransformFault.OfAnswer(candidate, Field, fault) : Of(candidate, result.Value, StatusCodes.Status200OK, Field);
    }

    /// <summary>What an expression says of an error; <c>null</c>: that there is none.</summary>
    /// <param name="status">The answer's; of 200 an error that names none is a failure of the server.</param>
    public static SendError? Of(Candidate candidate, in Value value, int status, string field)
    {
        var results = new ResultReader();
        SendError? error;
        switch (value.Kind)
        {
            case ValueKind.Null:
                return null;
            case ValueKind.Bool:
                return value.AsBool() ? Make(candidate, null, status, null, null, null) : null;
            case ValueKind.String:
                return Make(candidate, value.AsString(), status, null, null, null);
            case ValueKind.Map:
                var map = value.AsMap();
                results.Require(map, ResultKeys.Error, "an error");
                var own = results.Count(map, "status");
                if (own is < 400 or > 599)
                {
                    results.Fail(string.Create(CultureInfo.InvariantCulture, $"gives the status {own}; expected 400 to 599"));
                }

                error = Make(candidate, results.Text(map, "message"), (int?)own ?? status, results.Text(map, "code"), results.Text(map, "type"), results.Text(map, "param"));
                break;
            default:
                results.Fail($"gives {ResultReader.Name(value)}; expected null, a text or a map of message, status, code, type and param");
                error = null;
                break;
        }

        return results.Fault is { } fault ? TransformFault.OfAnswer(candidate, field, fault.Text) : error;
    }

    private static SendError Make(Candidate candidate, string? message, int status, string? code, string? type, string? param)
    {
        var effective = status < 400 ? StatusCodes.Status502BadGateway : status;
        var kind = UpstreamErrors.KindOf(effective);
        var isTooLong = kind == SendErrorKind.RequestRefused && ContextOverflow.Is(code, message);
        var access = candidate.Provider.Access;
        var shown = access.Mask(message) is { Length: > 0 } said ? said : "gave no reason";
        return new SendError(isTooLong ? SendErrorKind.TooLongHere : kind, candidate.Provider.Name, shown.Cut(LongestMessage, "..."))
        {
            Status = effective,
            Type = access.Mask(type),
            Code = isTooLong ? ContextOverflow.Code : access.Mask(code),
            Param = access.Mask(param),
        };
    }

    private static JsonDocument? TryParse(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = JsonBytes.Reader(body);
            return JsonDocument.ParseValue(ref reader);
        }
        catch (Exception error) when (AnswerScan.IsBadJson(error))
        {
            return null;
        }
    }
}
