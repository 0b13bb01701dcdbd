using Orrery.Contracts;

namespace Orrery.Catalogue;

/// <summary>A request that cannot be done, said so that its sender can mend it. Answered as problem details (RFC 9457).</summary>
/// <param name="Errors">What is wrong with which field, where documents were sent.</param>
internal sealed record Refusal(int Status, string Title, string Detail, IReadOnlyList<FieldError>? Errors = null)
{
    public static Refusal Fields(IReadOnlyList<FieldError> errors) => new(
        StatusCodes.Status400BadRequest,
        "Documents refused",
        $"{errors.Count} {(errors.Count == 1 ? "field is" : "fields are")} not as expected; nothing was applied. See 'errors'.",
        errors);

    public static Refusal Conflict(string detail) => new(StatusCodes.Status409Conflict, "Conflict", detail);

    public static Refusal NotFound(string detail) => new(StatusCodes.Status404NotFound, "Not found", detail);

    public static Refusal Forbidden(string detail) => new(StatusCodes.Status403Forbidden, "Forbidden", detail);
}
