using System.Text.Json;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary>vLLM's addition to the finish reason: the stop text or token id that ended the answer.</summary>
internal static class StopReason
{
    public static void Write(Utf8JsonWriter json, Output output)
    {
        switch (output.StopReason)
        {
            case string text:
                json.WriteString("stop_reason"u8, text);
                break;
            case int id:
                json.WriteNumber("stop_reason"u8, id);
                break;
            default:
                json.WriteNull("stop_reason"u8);
                break;
        }
    }
}
