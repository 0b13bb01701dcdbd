using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Orrery.Simulator.Api;

/// <summary>
/// JSON can spell half of a surrogate pair (<c>"\ud800"</c>), in names too, and its strings may hold bytes that are no UTF-8; the reader
/// throws wherever such a text is asked for. Looked for once, at the door.
/// </summary>
internal static class UnicodeCheck
{
    public const string Fault = "holds half of a surrogate pair or bytes that are not UTF-8";

    public static bool IsValid(JsonElement root)
    {
        var raw = JsonMarshal.GetRawUtf8Value(root);
        var mayBeBroken = raw.IndexOf("\\ud"u8) >= 0 || raw.IndexOf("\\uD"u8) >= 0;
        return Utf8.IsValid(raw) && (!mayBeBroken || IsReadable(root));
    }

    private static bool IsReadable(JsonElement element)
    {
        try
        {
            return element.ValueKind switch
            {
                JsonValueKind.Object => element.EnumerateObject().All(property => property.Name is not null && IsReadable(property.Value)),
                JsonValueKind.Array => element.EnumerateArray().All(IsReadable),
                JsonValueKind.String => element.GetString() is not null,
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
