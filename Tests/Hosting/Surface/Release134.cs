namespace Orrery.Tests.Hosting.Surface;

/// <summary>
/// How Aspire 13.4.6 differs from 13.5.2, in rows. The table names the larger differences in prose, which is <see cref="Rule"/>; the smaller
/// ones (a null that became allowed, a mark that came or went) are read from Aspire's own sources of both releases.
/// </summary>
internal static class Release134
{
    public const string Rule =
        "- Members only in 13.5 (absent in 13.4.6): AddPersistentVolume family + PersistentVolumeAccessMode, RedisResource WithModule, VolumeV1.Projected,"
        + " nullable PVC DataSource/Selector, ExecuteCommandContext.Services (ServiceProvider obsolete), PublishAsConnectionString obsolete,"
        + " CommandOptions.Progress.";

    private const string AsConnectionString = "RB<T>.PublishAsConnectionString<T>() → RB<T> where T:ContainerResource+IResourceWithConnectionString";

    private const string CustomInput = "RB<ParameterResource>.WithCustomInput(Func<ParameterResource, InteractionInput> createInput) → RB<ParameterResource>";

    private const string ProjectDefaults =
        "RB<TProjectResource>.WithProjectDefaults<TProjectResource>(ProjectResourceOptions options) → RB<TProjectResource>"
        + " where TProjectResource:class+IResourceWithEnvironment+IResourceWithEndpoints+IResourceWithArgs ⟨ASPIREPROJECTS001⟩";

    private static readonly Dictionary<(string Type, string Row), string?> Changed = new()
    {
        [("RedisBuilderExtensions", "RB<RedisResource>.WithModule(string path) → RB<RedisResource>")] = null,
        [("VolumeV1", "Projected: ProjectedVolumeSourceV1? {get,set}")] = null,
        [("PersistentVolumeClaimSpecV1", "DataSource: TypedLocalObjectReferenceV1? {get,set}")] = "DataSource: TypedLocalObjectReferenceV1 {get,set}",
        [("PersistentVolumeClaimSpecV1", "Selector: LabelSelectorV1? {get,set}")] = "Selector: LabelSelectorV1 {get,set}",
        [("ExecuteCommandContext", "Services: IServiceProvider {get,init,required}")] = null,
        [("ExecuteCommandContext", "ServiceProvider: IServiceProvider {get,init} ⟨obsolete⟩")] = "ServiceProvider: IServiceProvider {get,init,required}",
        [("ParameterResourceBuilderExtensions", AsConnectionString + " ⟨obsolete⟩")] = AsConnectionString,
        [("CommandOptions", "Progress: CommandProgressOptions? {get,set}")] = null,

        [("CommandOptions", "Arguments: IReadOnlyList<InteractionInput> {get,set}")] =
            "Arguments: IReadOnlyList<InteractionInput> {get,set} ⟨ASPIREINTERACTION001⟩",
        [("CommandOptions", "ValidateArguments: Func<InputsDialogValidationContext, Task>? {get,set}")] =
            "ValidateArguments: Func<InputsDialogValidationContext, Task>? {get,set} ⟨ASPIREINTERACTION001⟩",
        [("DistributedApplicationExecutionContext", "RunConfiguration: RunConfiguration {get} ⟨ASPIREWATCH001⟩")] = null,
        [("DistributedApplicationExecutionContext", "Services: IServiceProvider {get}")] = null,
        [("DistributedApplicationExecutionContext", "ServiceProvider: IServiceProvider {get} ⟨obsolete⟩")] = "ServiceProvider: IServiceProvider {get}",
        [("ParameterResourceBuilderExtensions", CustomInput)] = CustomInput + " ⟨ASPIREINTERACTION001⟩",
        [("PersistentVolumeClaimSpecV1", "DataSourceRef: TypedObjectReferenceV1? {get,set}")] = "DataSourceRef: TypedObjectReferenceV1 {get,set}",
        [("ProjectResourceBuilderExtensions", ProjectDefaults)] = null,
        [("StatefulSetSpecV1", "PersistentVolumeClaimRetentionPolicy: StatefulSetPersistentVolumeClaimRetentionPolicyV1? {get,set}")] =
            "PersistentVolumeClaimRetentionPolicy: StatefulSetPersistentVolumeClaimRetentionPolicyV1 {get,set}",
        [("StatefulSetSpecV1", "UpdateStrategy: StatefulSetUpdateStrategyV1? {get,set}")] = "UpdateStrategy: StatefulSetUpdateStrategyV1 {get,set}",
    };

    private static readonly HashSet<string> AbsentTypes = ["KubernetesPersistentVolumeExtensions", "PersistentVolumeAccessMode"];

    /// <summary>The type as 13.4.6 has it; <c>null</c> where it has none.</summary>
    public static AspireType? Of(AspireType type) => AbsentTypes.Contains(type.Name)
        ? null
        : type with { Rows = [.. type.Rows.Select(row => Of(type.Name, row)).OfType<string>()] };

    /// <summary>Whether 13.4.6 has neither this row nor its type.</summary>
    public static bool Lacks(string type, string row) => AbsentTypes.Contains(type) || Of(type, row) != row;

    /// <summary>What the table no longer says: each is a difference that this class still makes.</summary>
    public static IEnumerable<string> Stale(AspireTable table)
    {
        if (!string.Join(' ', table.Rules.Select(line => line.Trim())).Contains(Rule, StringComparison.Ordinal))
        {
            yield return $"The table no longer says: {Rule}";
        }

        foreach (var (type, row) in Changed.Keys.Where(key => table.Find(key.Type)?.Rows.Contains(key.Row) != true))
        {
            yield return $"{type} no longer has the row {row}";
        }

        foreach (var type in AbsentTypes.Where(name => table.Find(name) is null))
        {
            yield return $"The table no longer has {type}";
        }
    }

    private static string? Of(string type, string row) => Changed.TryGetValue((type, row), out var before) ? before : row;
}
