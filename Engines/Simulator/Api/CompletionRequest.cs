using Orrery.Simulator.Replicas;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary>A text completion's request, read, checked and already answered in plan: the choices of each prompt in turn.</summary>
internal sealed record CompletionRequest(
    SimulatedModel Model, IReadOnlyList<int[]> Prompts, IReadOnlyList<Output> Outputs, int ChoicesPerPrompt, Delivery Delivery, bool Echoes, int? Logprobs)
{
    /// <summary>As vLLM and OpenAI have it for this API.</summary>
    private const int DefaultMaxTokens = 16;

    private const int MostLogprobs = 20;

    public int[] PromptOf(int choice) => Prompts[choice / ChoicesPerPrompt];

    public static (CompletionRequest? Request, Refusal? Refusal) Read(Call call)
    {
        var (model, refusal) = call.FindModel(isEmbedding: false, "Completions");
        if (model is null)
        {
            return (null, refusal);
        }

        var body = call.Body;
        if (body.Any("suffix") is not null)
        {
            return (null, Refusal.BadRequest("suffix is not currently supported"));
        }

        var prompts = CompletionPrompts.Read(body, "prompt");
        var format = AnswerFormat.Read(body);
        var delivery = Delivery.Read(body);
        var echoes = body.Flag("echo");
        var logprobs = body.Integer("logprobs", 0, MostLogprobs);
        var maxTokens = (int)(body.Integer("max_tokens", echoes && !delivery.IsStream ? 0 : 1, int.MaxValue) ?? DefaultMaxTokens);
        var sampling = SamplingFields.Read(body) with { MaxTokens = maxTokens };
        foreach (var (index, _) in prompts.Index().Where(prompt => prompt.Item.Length == 0))
        {
            body.Fault(prompts.Count == 1 ? "prompt" : $"prompt[{index}]", "at least one token, got none");
        }

        if (body.Refusal is { } faults)
        {
            return (null, faults);
        }

        var (outputs, unmet) = PlanOutputs(model, prompts, format, sampling);
        return unmet is null
            ? (new CompletionRequest(model, prompts, outputs, sampling.Choices, delivery, echoes, (int?)logprobs), null)
            : (null, unmet);
    }

    private static (IReadOnlyList<Output> Outputs, Refusal? Refusal) PlanOutputs(
        SimulatedModel model, IReadOnlyList<int[]> prompts, AnswerFormat? format, SamplingParameters sampling)
    {
        var outputs = new List<Output>();
        foreach (var prompt in prompts)
        {
            var (limit, refusal) = SamplingFields.Limit(model, prompt.Length, sampling);
            if (refusal is not null)
            {
                return ([], refusal);
            }

            var topics = Prose.TopicsOf(Tokenizer.Decode(prompt));
            for (var choice = 0; choice < sampling.Choices; choice++)
            {
                var hash = sampling.Hash(model.Id, prompt, choice);
                var (text, fault) = format?.Sample(StableHash.Random(hash + 1), topics) ?? (null, null);
                if (fault is not null)
                {
                    return ([], Refusal.BadRequest(fault));
                }

                outputs.Add(OutputPlanner.Plan(text is null ? new AnswerForm.FreeText(topics, " ") : new AnswerForm.Fixed(text), sampling, limit, hash));
            }
        }

        return (outputs, null);
    }
}
