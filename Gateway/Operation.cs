using System.Text;
using Orrery.Contracts;

namespace Orrery.Gateway;

/// <summary>What a client asks a model to do, and everything that follows from that alone.</summary>
internal sealed class Operation
{
    public static readonly Operation Chat = new(0, "chat", "chat/completions", "messages", [ModelTypes.Chat, ModelTypes.Multimodal]);
    public static readonly Operation Completion = new(1, "text_completion", "completions", "prompt", [ModelTypes.Chat, ModelTypes.Multimodal]);
    public static readonly Operation Embeddings = new(2, "embeddings", "embeddings", "input", [ModelTypes.Embedding]);

    public static readonly IReadOnlyList<Operation> All = [Chat, Completion, Embeddings];

    private Operation(int index, string name, string path, string inputField, IReadOnlyList<string> modelTypes)
    {
        (Index, Name, Path, InputField, ModelTypesTaken) = (index, name, path, inputField, modelTypes);
        InputFieldUtf8 = Encoding.UTF8.GetBytes(inputField);
    }

    /// <summary>Its place in <see cref="All"/>, for tables made once per endpoint.</summary>
    public int Index { get; }

    /// <summary>The GenAI conventions' operation name.</summary>
    public string Name { get; }

    /// <summary>Below <c>/v1/</c>, here and at the engine.</summary>
    public string Path { get; }

    /// <summary>The body's field that holds what the model is to work on.</summary>
    public string InputField { get; }

    public byte[] InputFieldUtf8 { get; }

    public IReadOnlyList<string> ModelTypesTaken { get; }
}
