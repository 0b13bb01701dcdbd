namespace Orrery.Simulator.Api;

internal static class ChatApi
{
    public static void MapChatApi(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/chat/completions", Admission.Post(CompleteAsync));

    private static async Task CompleteAsync(Call call)
    {
        var (request, refusal) = ChatRequest.Read(call);
        if (request is null)
        {
            await call.RefuseAsync(refusal!);
            return;
        }

        var time = call.Http.RequestServices.GetRequiredService<TimeProvider>();
        var answer = new ChatAnswer(request, Ids.New("chatcmpl-", time), time.GetUtcNow().ToUnixTimeSeconds());
        var choices = request.Outputs.Select(output => (request.Prompt, output));
        using var generation = Generation.Start(request.Model, choices, request.CacheSalt, call.Aborted);
        await AnswerSender.SendAsync(call, generation, answer, request.Delivery);
    }
}
