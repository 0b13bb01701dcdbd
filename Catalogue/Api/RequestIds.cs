using Orrery.Contracts;

namespace Orrery.Catalogue.Api;

/// <summary>Every answer says which request it answers: the caller's id, where it is 1 to 128 visible ASCII characters, or a new one.</summary>
internal sealed class RequestIds(RequestDelegate next, TimeProvider time)
{
    private const int MaxCharacters = 128;

    public Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[OrreryHeaders.RequestId].ToString();
        var isUsable = given.Length is > 0 and <= MaxCharacters && given.All(c => c is > ' ' and <= '~');
        context.TraceIdentifier = isUsable ? given : $"req_{Guid.CreateVersion7(time.GetUtcNow()):N}";
        context.Response.Headers[OrreryHeaders.RequestId] = context.TraceIdentifier;
        return next(context);
    }
}
