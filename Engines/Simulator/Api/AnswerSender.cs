using System.Text.Json;
using Orrery.Simulator.Faults;

namespace Orrery.Simulator.Api;

/// <summary>Sends an answer at the pace of its sequences, whole or token by token, and lets its faults happen.</summary>
internal static class AnswerSender
{
    private static readonly Refusal Failure = new(StatusCodes.Status500InternalServerError, "InternalServerError", "A failure was asked for by a fault.");

    public static Task SendAsync(Call call, Generation generation, IAnswer answer, Delivery delivery) =>
        delivery.IsStream ? StreamAsync(call, generation, answer, delivery) : SendWholeAsync(call, generation, answer);

    private static async Task StreamAsync(Call call, Generation generation, IAnswer answer, Delivery delivery)
    {
        using var stream = await EventStream.StartAsync(call.Http);
        var sent = new int[answer.Outputs.Count];
        for (var total = 0; ;)
        {
            // Read before the tokens: what ends after this look is seen by the next one.
            var isLast = generation.IsOver;
            for (var choice = 0; choice < sent.Length; choice++)
            {
                for (; sent[choice] < generation.Sequences[choice].Generated; sent[choice]++, total++)
                {
                    if (await EndsByFaultAsync(call, stream, call.Faults.Before(total)))
                    {
                        return;
                    }

                    WriteToken(stream, generation, answer, delivery, choice, sent[choice]);
                }
            }

            if (isLast)
            {
                break;
            }

            await stream.FlushAsync(call.Aborted);
            if (!await generation.WaitAsync())
            {
                return;
            }
        }

        if (delivery.IncludesUsage && !call.Faults.NoUsage)
        {
            answer.WriteUsage(stream.BeginEvent(), UsageOf(generation, answer));
            stream.EndEvent();
        }

        stream.WriteRaw("[DONE]"u8);
        await stream.FlushAsync(call.Aborted);
    }

    private static void WriteToken(EventStream stream, Generation generation, IAnswer answer, Delivery delivery, int choice, int position)
    {
        var prompt = generation.Sequences[choice].Plan.PromptTokens;
        var usage = delivery.IncludesUsageInEveryChunk ? new Usage(prompt, position + 1, null) : (Usage?)null;
        if (position == 0 && answer.HasOpening(choice))
        {
            answer.WriteOpening(stream.BeginEvent(), choice, usage is { } first ? first with { CompletionTokens = 0 } : null);
            stream.EndEvent();
        }

        if (answer.IsVisible(choice, position))
        {
            answer.WriteToken(stream.BeginEvent(), choice, position, usage);
            stream.EndEvent();
        }
    }

    private static async Task<bool> EndsByFaultAsync(Call call, EventStream stream, FaultAction action)
    {
        switch (action)
        {
            case FaultAction.None:
                return false;
            case FaultAction.Malform:
                stream.WriteRaw("{\"id\": \"chatcmpl-malformed\", \"choices\": [{\"ind"u8);
                return false;
            case FaultAction.Fail:
                VllmErrors.WriteObject(stream.BeginEvent(), Failure);
                stream.EndEvent();
                stream.WriteRaw("[DONE]"u8);
                await stream.FlushAsync(call.Aborted);
                return true;
            case FaultAction.Stall:
                await stream.FlushAsync(call.Aborted);
                await Admission.StallAsync(call.Http);
                return true;
            default:
                await stream.FlushAsync(call.Aborted);
                call.Http.Abort();
                return true;
        }
    }

    private static async Task SendWholeAsync(Call call, Generation generation, IAnswer answer)
    {
        for (var seen = 0; ;)
        {
            var isLast = generation.IsOver;
            for (; seen < generation.Generated; seen++)
            {
                if (await EndsByFaultAsync(call, call.Faults.Before(seen)))
                {
                    return;
                }
            }

            if (isLast)
            {
                break;
            }

            if (!await generation.WaitAsync())
            {
                return;
            }
        }

        await WriteAsync(call.Http, json => answer.WriteWhole(json, call.Faults.NoUsage ? null : UsageOf(generation, answer)));
    }

    /// <summary>The same faults where there is no stream: the body is not JSON, the status is 500.</summary>
    public static async Task<bool> EndsByFaultAsync(Call call, FaultAction action)
    {
        switch (action)
        {
            case FaultAction.None:
                return false;
            case FaultAction.Malform:
                call.Http.Response.ContentType = "application/json";
                await call.Http.Response.WriteAsync("{\"id\": \"malformed\", \"choices\": [{\"ind", call.Aborted);
                return true;
            case FaultAction.Fail:
                await call.RefuseAsync(Failure);
                return true;
            case FaultAction.Stall:
                await Admission.StallAsync(call.Http);
                return true;
            default:
                call.Http.Abort();
                return true;
        }
    }

    public static async Task WriteAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        http.Response.ContentType = "application/json";
        var json = new Utf8JsonWriter(http.Response.BodyWriter, JsonFormat.Options);
        await using (json)
        {
            write(json);
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private static Usage UsageOf(Generation generation, IAnswer answer) =>
        new(answer.PromptTokens, generation.Generated, generation.CachedTokens(answer.ChoicesPerPrompt));
}
