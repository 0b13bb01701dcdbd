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

    /// <summary>A publisher's key for what is no publisher's.</summary>
    public static Refusal NotPublished(ResourceKind kind) => Forbidden(
        $"Your access key has the role '{AccessRoles.Publisher}', which writes the kind {ResourceKind.Model.Name} and has images built; a {kind.Name} needs an '{AccessRoles.Administrator}'. Nothing was changed.");

    public static Refusal Forbidden(string detail) => new(StatusCodes.Status403Forbidden, "Forbidden", detail);
}
