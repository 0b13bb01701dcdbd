using System.Globalization;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Following;
using Orrery.Catalogue.Pins;

namespace Orrery.Catalogue.Api;

/// <summary>Pins what a model's entry leaves open. What is pinned is shown by <see cref="ModelsApi"/>, which asks nobody.</summary>
internal static class PinsApi
{
    private const string Ending = "/pins";

    public static void MapPinsApi(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/models/{**path}", Pin).RequireAdministrator().Takes("renew", "server", "namespace").WithTags("Models")
            .WithSummary("{id}/pins: asks which commit and which digest are meant and keeps them; ?renew=true asks again");

    private static async Task<IResult> Pin(string? path, HttpContext http, Shelf shelf, ChangeFollower follower, Pinner pinner, CancellationToken cancellationToken)
    {
        path = ModelsApi.Unescaped(path ?? "");
        if (!path.EndsWith(Ending, StringComparison.Ordinal))
        {
            http.Response.Headers.Allow = HttpMethods.Get;
            return Problems.Of(new Refusal(StatusCodes.Status405MethodNotAllowed, "Method not allowed", $"POST goes to /models/{{id}}{Ending}; models are declared as resources of the kind Model."));
        }

        var (id, @namespace, renew) = (path[..^Ending.Length], http.Namespace(), http.Request.Flag("renew"));
        await follower.RefreshAsync(cancellationToken);
        if (shelf.Of(@namespace).Find(id) is not { } entry)
        {
            return Problems.Of(ModelsApi.Unknown(id, @namespace));
        }

        if (!entry.Spec.IsEntry)
        {
            return Problems.Of(ModelsApi.NotBuilt(entry));
        }

        var pins = await pinner.PinAsync(@namespace, ModelsApi.Pinnables(entry, http.Request), renew, http.Caller().Name, cancellationToken);
        return pins.Any(pin => pin.Error is not null) ? Incomplete(http, pins) : TypedResults.Ok(new PinList(pins));
    }

    /// <summary>502 where asking again may help, with the time to wait where a server names one; 424 where something has to be mended first.</summary>
    private static IResult Incomplete(HttpContext http, IReadOnlyList<PinAnswer> pins)
    {
        var errors = pins.Select(pin => pin.Error).OfType<PinError>().ToList();
        if (errors.Max(error => error.RetryAfter) is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return TypedResults.Problem(
            $"{errors.Count} of {pins.Count} could not be pinned; what could be is kept. See 'pins'.",
            statusCode: errors.All(error => error.MayPass) ? StatusCodes.Status502BadGateway : StatusCodes.Status424FailedDependency,
            title: "Not everything is pinned",
            extensions: [KeyValuePair.Create("pins", (object?)pins)]);
    }
}
