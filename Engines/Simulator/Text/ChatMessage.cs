using System.Text.Json;

namespace Orrery.Simulator.Text;

/// <summary>One turn of a conversation as the template sees it.</summary>
/// <param name="Role">system, developer, user, assistant or tool.</param>
/// <param name="Images">Hashes of the images, in their order.</param>
internal sealed record ChatMessage(string Role, string Text, IReadOnlyList<ulong> Images, IReadOnlyList<ToolCall> ToolCalls);

/// <summary>A function that the model may call.</summary>
/// <param name="Parameters">JSON Schema of the arguments; null: none.</param>
internal sealed record Tool(string Name, string Description, JsonElement? Parameters, string Json);
