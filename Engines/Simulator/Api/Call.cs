using Orrery.Simulator.Faults;
using Orrery.Simulator.Replicas;

namespace Orrery.Simulator.Api;

/// <summary>One request that has been let in: its replica, its body and what is to go wrong with it.</summary>
internal sealed record Call(HttpContext Http, Replica Replica, Fields Body, FaultPlan Faults)
{
    public CancellationToken Aborted => Http.RequestAborted;

    public Task RefuseAsync(Refusal refusal) => VllmErrors.WriteAsync(Http, refusal);

    /// <summary>The model that the body names, or the replica's first one of the wanted kind when it names none, as vLLM has it.</summary>
    public (SimulatedModel? Model, Refusal? Refusal) FindModel(bool isEmbedding, string api)
    {
        var id = Body.Text("model");
        if (Body.Refusal is { } refusal)
        {
            return (null, refusal);
        }

        var model = id is null ? Replica.Models.FirstOrDefault(model => model.IsEmbedding == isEmbedding) ?? Replica.Models[0] : null;
        if (model is null && !Replica.TryFind(id!, out model))
        {
            return (null, Refusal.NoModel(id!));
        }

        return model.IsEmbedding == isEmbedding
            ? (model, null)
            : (null, Refusal.BadRequest($"The model `{model.Id}` does not support the {api} API."));
    }
}
