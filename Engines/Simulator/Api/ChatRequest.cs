using Orrery.Simulator.Replicas;
using Orrery.Simulator.Text;

namespace Orrery.Simulator.Api;

/// <summary>A chat completion's request, read, checked and already answered in plan: one output a choice.</summary>
internal sealed record ChatRequest(SimulatedModel Model, int[] Prompt, IReadOnlyList<Output> Outputs, Delivery Delivery, int? TopLogprobs, ulong CacheSalt)
{
    private const int MostTopLogprobs = 20;

    public static (ChatRequest? Request, Refusal? Refusal) Read(Call call)
    {
        var (model, refusal) = call.FindModel(isEmbedding: false, "Chat Completions");
        if (model is null)
        {
            return (null, refusal);
        }

        var body = call.Body;
        var messages = ChatMessages.Read(body, model.SeesImages);
        var tools = ChatTools.Read(body);
        var format = AnswerFormat.Read(body);
        var delivery = Delivery.Read(body);
        var wantsLogprobs = body.Flag("logprobs");
        var top = body.Integer("top_logprobs", 0, MostTopLogprobs);
        if (top > 0 && !wantsLogprobs)
        {
            body.Fault("top_logprobs", "logprobs: true beside it");
        }

        var maxTokens = body.Integer("max_completion_tokens", 1, int.MaxValue) ?? body.Integer("max_tokens", 1, int.MaxValue);
        var sampling = SamplingFields.Read(body) with { MaxTokens = (int?)maxTokens };
        var opensAnswer = body.Flag("add_generation_prompt", otherwise: true);
        var continues = body.Flag("continue_final_message");
        var salt = body.Text("cache_salt") is { } text ? StableHash.Add(0UL, text) : 0;
        if (body.Refusal is { } faults)
        {
            return (null, faults);
        }

        var prompt = ChatTemplate.Render(messages, tools.Mode == ToolChoiceMode.None ? [] : tools.All, opensAnswer, continues);
        var (limit, tooLong) = SamplingFields.Limit(model, prompt.Length, sampling);
        if (tooLong is not null)
        {
            return (null, tooLong);
        }

        var (outputs, fault) = PlanOutputs(model, prompt, messages, tools, format, sampling, limit);
        return fault is null
            ? (new ChatRequest(model, prompt, outputs, delivery, wantsLogprobs ? (int)(top ?? 0) : null, salt), null)
            : (null, Refusal.BadRequest(fault));
    }

    private static (IReadOnlyList<Output> Outputs, string? Fault) PlanOutputs(
        SimulatedModel model, int[] prompt, IReadOnlyList<ChatMessage> messages, ChatTools tools, AnswerFormat? format, SamplingParameters sampling, int limit)
    {
        var topics = Prose.TopicsOf(messages.LastOrDefault(message => message.Role == "user")?.Text ?? "");
        var outputs = new List<Output>();
        for (var choice = 0; choice < sampling.Choices; choice++)
        {
            var hash = sampling.Hash(model.Id, prompt, choice);
            var (form, fault) = DecideForm(tools, format, messages[^1], StableHash.Random(hash + 1), topics);
            if (form is null)
            {
                return ([], fault);
            }

            outputs.Add(OutputPlanner.Plan(form, sampling, limit, hash));
        }

        return (outputs, null);
    }

    private static (AnswerForm? Form, string? Fault) DecideForm(
        ChatTools tools, AnswerFormat? format, ChatMessage last, Random random, IReadOnlyList<string> topics)
    {
        var (calls, fault) = tools.Decide(last, random, topics);
        if (fault is not null)
        {
            return (null, fault);
        }

        if (calls.Count > 0)
        {
            return (new AnswerForm.Calls(calls), null);
        }

        if (format is null)
        {
            return (new AnswerForm.FreeText(topics), null);
        }

        var (text, unmet) = format.Sample(random, topics);
        return text is null ? (null, unmet) : (new AnswerForm.Fixed(text), null);
    }
}
