namespace Orrery.Simulator.Api;

internal static class CompletionsApi
{
    public static void MapCompletionsApi(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/completions", Admission.Post(CompleteAsync));

    private static async Task CompleteAsync(Call call)
    {
        var (request, refusal) = CompletionRequest.Read(call);
        if (request is null)
        {
            await call.RefuseAsync(refusal!);
            return;
        }

        var time = call.Http.RequestServices.GetRequiredService<TimeProvider>();
        var answer = new CompletionAnswer(request, Ids.New("cmpl-", time), time.GetUtcNow().ToUnixTimeSeconds());
        var choices = request.Outputs.Select((output, choice) => (request.PromptOf(choice), output));
        using var generation = Generation.Start(request.Model, choices, 0, call.Aborted);
        await AnswerSender.SendAsync(call, generation, answer, request.Delivery);
    }
}
