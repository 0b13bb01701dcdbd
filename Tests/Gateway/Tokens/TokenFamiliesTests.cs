using Orrery.Gateway.Tokens;

namespace Orrery.Tests.Gateway.Tokens;

public sealed class TokenFamiliesTests
{
    [Theory]
    [InlineData("gpt-4o-mini", TokenFamily.O200k)]
    [InlineData("gpt-4.1", TokenFamily.O200k)]
    [InlineData("GPT-5-nano", TokenFamily.O200k)]
    [InlineData("openai/gpt-oss-120b", TokenFamily.O200k)]
    [InlineData("o3-mini", TokenFamily.O200k)]
    [InlineData("openai/o1", TokenFamily.O200k)]
    [InlineData("gpt-4-turbo", TokenFamily.Cl100k)]
    [InlineData("gpt-3.5-turbo", TokenFamily.Cl100k)]
    [InlineData("text-embedding-3-small", TokenFamily.Cl100k)]
    [InlineData("meta-llama/Llama-3.3-70B-Instruct", TokenFamily.Llama3)]
    [InlineData("llama3.2:1b", TokenFamily.Llama3)]
    [InlineData("meta-llama/Llama-4-Scout-17B-16E", TokenFamily.Unknown)]
    [InlineData("meta-llama/Llama-2-7b-chat-hf", TokenFamily.Unknown)]
    [InlineData("Qwen/Qwen3-30B-A3B", TokenFamily.Qwen)]
    [InlineData("QwQ-32B", TokenFamily.Qwen)]
    [InlineData("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", TokenFamily.Qwen)]
    [InlineData("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", TokenFamily.Llama3)]
    [InlineData("deepseek-ai/DeepSeek-V3.1", TokenFamily.DeepSeek)]
    [InlineData("deepseek-chat", TokenFamily.DeepSeek)]
    [InlineData("deepseek-ai/DeepSeek-Coder-V2-Instruct", TokenFamily.Unknown)]
    [InlineData("mistralai/Mistral-7B-Instruct-v0.3", TokenFamily.MistralSentencePiece)]
    [InlineData("mistralai/Mixtral-8x7B", TokenFamily.MistralSentencePiece)]
    [InlineData("mistralai/Mistral-Small-24B-Instruct-2501", TokenFamily.MistralTekken)]
    [InlineData("mistral-small-2409", TokenFamily.MistralSentencePiece)]
    [InlineData("ministral-8b-latest", TokenFamily.MistralTekken)]
    [InlineData("devstral-small", TokenFamily.MistralTekken)]
    [InlineData("google/gemma-3-27b-it", TokenFamily.Gemma)]
    [InlineData("claude-opus-4-1", TokenFamily.Claude)]
    [InlineData("microsoft/phi-4", TokenFamily.Unknown)]
    [InlineData("foo1", TokenFamily.Unknown)]
    [InlineData("o1x", TokenFamily.Unknown)]
    [InlineData("", TokenFamily.Unknown)]
    public void ANameTellsTheFamily(string model, object family) => Assert.Equal((TokenFamily)family, TokenFamilies.Of(model));
}
