using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using Orrery.Simulator.Faults;
using Orrery.Simulator.Replicas;
using Orrery.Simulator.Timing;

namespace Orrery.Simulator.Api;

internal sealed record AdminState(IReadOnlyList<FaultRule> Faults, IReadOnlyList<ReplicaState> Replicas);

/// <param name="Name">Empty for the one at the root.</param>
/// <param name="StartedAt">Tells one start of it from the next.</param>
internal sealed record ReplicaState(
    string Name, bool IsReady, DateTimeOffset StartedAt, IReadOnlyDictionary<string, string> Labels, IReadOnlyList<ModelState> Models);

internal sealed record ModelState(
    string Id, string Type, int ContextWindow, IReadOnlyList<string> Adapters, int Running, int Waiting, int UsedBlocks, int Blocks, long Preemptions, Profile Profile);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(AdminState))]
[JsonSerializable(typeof(FaultRule[]))]
[JsonSerializable(typeof(ProfileOptions))]
[JsonSerializable(typeof(SimulatedModelOptions[]))]
[JsonSerializable(typeof(ReplicaState))]
[JsonSerializable(typeof(ProblemDetails))]
internal sealed partial class AdminJson : JsonSerializerContext;
