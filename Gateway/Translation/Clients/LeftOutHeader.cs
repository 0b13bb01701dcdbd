using Orrery.Contracts;

namespace Orrery.Gateway.Translation.Clients;

/// <summary>Tells a client what of its request no engine was told.</summary>
internal static class LeftOutHeader
{
    public static void Add(HttpResponse response, IReadOnlyCollection<string> fields)
    {
        if (fields.Count > 0)
        {
            response.Headers[OrreryHeaders.LeftOut] = string.Join(", ", fields);
        }
    }
}
