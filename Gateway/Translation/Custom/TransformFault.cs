using Orrery.Contracts.Transforms;
using Orrery.Expressions;
using Orrery.Gateway.Routing;
using Orrery.Gateway.Sending;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>A transform that gave nothing that can be used, told as its field, so that an operator knows where to look. Values of the request and the answer are not repeated.</summary>
internal static class TransformFault
{
    /// <summary>Nothing was sent: another provider may be asked.</summary>
    public static SendError OfRequest(Candidate candidate, string field, string fault, bool isTooMuch = false) =>
        SendError.Of(
            candidate, SendErrorKind.Untranslatable,
            $"The provider '{candidate.Provider.Name}' cannot be asked: {field} {fault}.{(isTooMuch ? "" : " An operator must mend the transform.")}") with
        {
            Status = isTooMuch ? StatusCodes.Status400BadRequest : StatusCodes.Status502BadGateway,
            Type = isTooMuch ? null : RefusalTypes.Upstream,
            Code = isTooMuch ? "request_too_complex" : "transform_failed",
        };

    public static SendError OfRequest(Candidate candidate, string field, EvaluationError error) =>
        OfRequest(candidate, field, $"fails at {error}", error.Kind == EvaluationErrorKind.LimitExceeded);

    /// <summary>A text of the client's that no expression can hold.</summary>
    public static SendError HalfCharacter(Candidate candidate, string param) =>
        SendError.Of(candidate, SendErrorKind.Untranslatable, $"'{param}' has half a surrogate pair (such as \"\\ud83d\" alone). Send whole characters.") with
        {
            Status = StatusCodes.Status400BadRequest,
            Code = "invalid_json",
            Param = param,
        };

    /// <summary>What the engine sent is not what the transform reads, or what comes out is no answer.</summary>
    public static SendError OfAnswer(Candidate candidate, string field, string fault) =>
        SendError.Of(candidate, SendErrorKind.Malformed, $"sent what its transform makes no answer of: {field} {candidate.Provider.Access.Mask(fault)}");

    /// <summary>What a whole answer's expressions gave.</summary>
    public static SendError OfAnswer(Candidate candidate, CompiledOperation operation, ResultFault fault) =>
        OfAnswer(candidate, operation.Field + (fault.IsOfUsage ? ".response.usage" : ".response.body"), fault.Text);

    public static SendError OfAnswer(Candidate candidate, string field, EvaluationError error) => OfAnswer(candidate, field, $"fails at {error}");

    /// <summary>A field of the client's request that the transform has no words for.</summary>
    public static SendError Unsaid(Candidate candidate, CompiledOperation operation, string param, string expected) =>
        SendError.Of(
            candidate, SendErrorKind.Untranslatable,
            $"'{param}' cannot be said to the provider '{candidate.Provider.Name}': {operation.Field}.request.body does not look at it; expected {expected}.") with
        {
            Status = StatusCodes.Status400BadRequest,
            Code = "unsupported_value",
            Param = param,
        };
}
