using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orrery.Catalogue.Entries;
using Orrery.Catalogue.Licences;
using Orrery.Catalogue.Linting;
using Orrery.Catalogue.Pins;
using Orrery.Catalogue.Resources;
using Orrery.Catalogue.Servers;
using Orrery.Catalogue.Sizing;
using Orrery.Contracts;

namespace Orrery.Catalogue.Deployments;

/// <summary>Answers what a deployment's model asks for and whether it may be deployed: entry, commit, licence gate, flags, sizes, secrets.</summary>
/// <param name="caller">Who asks, for the record of what is kept.</param>
internal sealed class DeploymentBriefing(CatalogueState state, Shelf shelf, DeploymentPins pins, ImageRecipes recipes, DeploymentQuestion question, string caller)
{
    /// <summary>Weights are read through memory on their way to a GPU; more than this of them never lies there at once. Without one they stay there.</summary>
    private static readonly ByteSize LoadedAtOnce = ByteSize.FromGibibytes(64);

    private readonly List<DeploymentFault> _faults = [];
    private readonly ModelDeploymentSpec _spec = question.Spec;

    public async Task<DeploymentBrief> AnswerAsync(CancellationToken cancellationToken)
    {
        var secrets = SecretValues();
        if (FindModel() is not { } declared || FindTable(declared) is not { } table)
        {
            return new DeploymentBrief { Faults = _faults, Secrets = secrets, PullSecret = PullSecret(), ImagePolicy = ImagePolicy() };
        }

        var open = Deployed(declared, table);
        var (pin, pending) = NamesCommit(open, table)
            ? await pins.FindAsync(IsOffline(open, table) ? question with { Wish = null } : question, Pinnable.OfRevision(open.Repo!, open.Revision), caller, cancellationToken)
            : default;
        var model = pin?.Commit is { } commit ? open with { Revision = commit } : open;
        RefuseFlagsAmongValues(model, table);
        RefuseWithoutWeights(model, table);
        AskGate(declared, model);
        var choices = Choices(new Served(model, open, table));
        var recipe = _spec.Image is null && _spec.Target != DeploymentTargets.Simulated ? await recipes.FindAsync(declared, table, question, caller, cancellationToken) : default;
        return new DeploymentBrief
        {
            Faults = _faults,
            Declared = _spec.Entry is null ? declared : null,
            Secrets = secrets,
            PullSecret = PullSecret(),
            ImagePolicy = ImagePolicy(),
            Recipe = recipe.Recipe,
            Choices = choices,
            Pin = pin,
            Pending = pending ?? recipe.Pending,
            Model = new DeployedModel
            {
                Id = model.Id,
                ModelType = model.ModelType,
                Engine = ServingEngines.Alternatives.Contains(table.Server) ? Engines.OpenAi : model.Engine!,
                Port = model.EffectivePort,
                HealthPath = table.Health,
                Environment = Environment(model, table),
                Resources = Resources(model, choices.FirstOrDefault()?.Count ?? 0),
                Weights = model.Weights,
            },
        };
    }

    /// <summary>Whether the command that we write has a place for a commit, and the hub is where the weights come from: a folder of one's own is what lies there.</summary>
    private bool NamesCommit(ModelSpec model, ServerTable table) =>
        model.Dockerfile is null && _spec.Command is null && table.Spelling.Revision is not null && model.Repo is { } repo && ModelSpec.IsRepo(repo);

    /// <summary>Whether the server takes what lies in its cache: a commit that the hub has by now may not be there.</summary>
    private bool IsOffline(ModelSpec model, ServerTable table)
    {
        var environment = Environment(model, table);
        foreach (var (name, value) in _spec.Environment ?? Empty)
        {
            environment[name] = value;
        }

        return HubVariables.AreOffline(environment);
    }

    private ModelSpec? FindModel()
    {
        if (_spec.Entry is { } own)
        {
            return own;
        }

        if (question.Was is { } was)
        {
            return was with { AlsoLicensed = [.. was.AlsoLicensed ?? [], .. LicencesNow(was)] };
        }

        var index = shelf.Of(question.Namespace);
        if (index.Find(_spec.Model!) is not { } entry)
        {
            var remedy = index.Nearest(_spec.Model!) is { } near ? $"Did you mean '{near}'?" : "GET /models lists those that there are; declare a Model of your own, or write it into spec.entry.";
            Refuse(DeploymentReasons.UnknownModel, $"No model is called '{_spec.Model}' in namespace '{question.Namespace}'. {remedy}");
            return null;
        }

        if (entry.Id != _spec.Model)
        {
            // Its replicas are registered under the name that is deployed, and that has to be a model's own.
            Refuse(DeploymentReasons.UnknownModel, $"'{_spec.Model}' is an alias of {(entry.IsBuiltIn ? "the catalogue's model" : "Model")} '{entry.Id}': write model: {entry.Id}.");
            return null;
        }

        if (!entry.Spec.IsEntry)
        {
            Refuse(DeploymentReasons.UnknownModel, $"Nothing says how model '{entry.Id}' is served: it comes from {entry.Origin}. Give its Model an engine and a repo, or write the whole into spec.entry.");
            return null;
        }

        if (!entry.IsBuiltIn)
        {
            RefuseRules(entry);
        }

        return entry.Spec;
    }

    /// <summary>What is said by now of the same weights: that one knows better counts for what ran before as well.</summary>
    private IEnumerable<string> LicencesNow(ModelSpec was) =>
        shelf.Of(question.Namespace).Find(was.Id)?.Spec is { } now && string.Equals(now.Repo, was.Repo, StringComparison.OrdinalIgnoreCase) ? KnownLicences.Of(now) : [];

    /// <summary>A Model that was stored before there were such rules is held to them when it is deployed.</summary>
    private void RefuseRules(Entry entry)
    {
        var found = new FieldErrors();
        DeploymentRules.CheckDeployed(entry.Spec, found);
        foreach (var error in found.All)
        {
            Refuse(DeploymentReasons.Misdeclared, $"{entry.Origin}, {error.Path}{(error.Value is null ? "" : $" is '{error.Value}'")}: expected {error.Expectation}.{(error.Remedy is null ? "" : " " + error.Remedy)}");
        }
    }

    private ServerTable? FindTable(ModelSpec model)
    {
        var server = _spec.Server ?? model.Engine!;
        List<string> allowed = [model.Engine!, .. model.Servers ?? []];
        if (allowed.Contains(server) && ServerTables.Current(server) is { } table)
        {
            return table;
        }

        Refuse(DeploymentReasons.Misdeclared, $"spec.server is '{server}'; expected a server that serves {model.Id}: {string.Join(", ", allowed)}.");
        return null;
    }

    /// <summary>The entry with what the deployment says over it: flags, weights of one's own, adapters.</summary>
    private ModelSpec Deployed(ModelSpec model, ServerTable table)
    {
        RefuseWords(model, table);
        if (model.Dockerfile is not null)
        {
            RefuseWithOwnDockerfile(model);
            return model;
        }

        var arguments = new Dictionary<string, JsonElement>(table.Server == model.Engine ? model.Arguments ?? None : None, StringComparer.Ordinal);
        foreach (var (name, value) in _spec.Arguments ?? None)
        {
            var same = arguments.Keys.Where(key => key == name || (table.Find(key)?.Name is { } known && known == table.Find(name)?.Name)).ToList();
            same.ForEach(key => arguments.Remove(key));
            if (value.ValueKind == JsonValueKind.False && same.Count > 0 && table.Find(name)?.Flag.Negated != true)
            {
                continue; // It takes away what the model says.
            }

            ServerRules.CheckFlag(table, name, value, (shown, expectation, remedy, _) =>
                Refuse(DeploymentReasons.Misdeclared, $"spec.arguments.{name}{(shown is null ? "" : $" is '{shown}'")}: expected {expectation}.{(remedy is null ? "" : " " + remedy)}"));
            if (value.ValueKind != JsonValueKind.False || table.Find(name)?.Flag.Negated == true)
            {
                arguments[name] = value;
            }
        }

        RefuseValues(arguments.Where(argument => _spec.Arguments?.ContainsKey(argument.Key) != true), model, table);
        if (DeploymentWords.WrongShare(_spec, table) is var (flag, share))
        {
            Refuse(DeploymentReasons.Misdeclared, $"spec.arguments.{flag} is '{share}': expected the share of a GPU's memory that the server may take, above 0 and up to 1.");
        }

        AddAdapters(model, table, arguments);
        var weights = _spec.Weights;
        return model with
        {
            ExpertParallel = ServerCommand.RunBy(model, table).ExpertParallel,
            Arguments = arguments,
            Repo = weights is null ? model.Repo : weights.Repo ?? FolderOf(weights.Path!),
            Revision = weights is null ? model.Revision : weights.Revision,
        };
    }

    /// <summary>Of the model's own flags: a value that the server reads otherwise than it is reckoned with, or not at all. A flag that is not known may be of an image that is newer.</summary>
    private void RefuseValues(IEnumerable<KeyValuePair<string, JsonElement>> arguments, ModelSpec model, ServerTable table)
    {
        var path = _spec.Entry is null ? $"Model '{model.Id}', spec.arguments" : "spec.entry.arguments";
        foreach (var (name, value) in arguments)
        {
            ServerRules.CheckFlag(table, name, value, (shown, expectation, remedy, rule) =>
            {
                if (rule == ServerRules.Value)
                {
                    Refuse(DeploymentReasons.Misdeclared, $"{path}.{name} is '{shown}': expected {expectation}.{(remedy is null ? "" : " " + remedy)}");
                }
            });
        }
    }

    /// <summary>What was stored before there were such rules, and what is only planned, is held to them as well.</summary>
    private void RefuseWords(ModelSpec model, ServerTable table)
    {
        var found = new FieldErrors();
        DeploymentRules.CheckWords(_spec, found);
        foreach (var error in found.All)
        {
            Refuse(DeploymentReasons.Misdeclared, $"{error.Path}{(error.Value is null ? "" : $" is '{error.Value}'")}: expected {error.Expectation}.{(error.Remedy is null ? "" : " " + error.Remedy)}");
        }

        foreach (var fault in DeploymentWords.Faults(_spec, model, table))
        {
            Refuse(DeploymentReasons.Misdeclared, fault);
        }
    }

    /// <summary>The last look at the whole line: whatever field a value is from, the server must not read it as a flag.</summary>
    private void RefuseFlagsAmongValues(ModelSpec model, ServerTable table)
    {
        if (_faults.Count == 0 && model.Dockerfile is null && _spec.Command is null
            && ServerCommand.FlagAmongValues(ServerCommand.Flags(model, table, new StartOptions(AreOfServer: true))) is var (flag, value))
        {
            Refuse(DeploymentReasons.Misdeclared, $"The server would be started with '{value}' behind {flag}: expected a value that begins with no dash, which the server would take for a flag. Mend it in {(_spec.Entry is null ? $"the Model of '{model.Id}' or in the deployment" : "spec")}.");
        }
    }

    /// <summary>Such a server would load a model of its own choice, under the licence that the entry says.</summary>
    private void RefuseWithoutWeights(ModelSpec model, ServerTable table)
    {
        if (model is { Repo: null, Dockerfile: null } && _spec.Command is null && (table.Server == Engines.Vllm || ServingEngines.Alternatives.Contains(table.Server)))
        {
            Refuse(DeploymentReasons.Misdeclared, $"Nothing says which weights {model.Id} has: expected a repo in its entry, spec.weights, or a dockerfile that starts its server.");
        }
    }

    private void RefuseWithOwnDockerfile(ModelSpec model)
    {
        var fields = new (string Name, bool IsSaid)[] { ("arguments", _spec.Arguments is not null), ("weights", _spec.Weights is not null), ("adapters", _spec.Adapters is not null) };
        foreach (var (name, _) in fields.Where(field => field.IsSaid))
        {
            Refuse(DeploymentReasons.Misdeclared, $"spec.{name} cannot be used with {model.Id}, whose Dockerfile is its own and starts its server itself. Say it in that Dockerfile, or in spec.command.");
        }
    }

    private void AddAdapters(ModelSpec model, ServerTable table, Dictionary<string, JsonElement> arguments)
    {
        if (_spec.Adapters is not { Count: > 0 } adapters)
        {
            return;
        }

        if (table.Server != Engines.Vllm)
        {
            Refuse(DeploymentReasons.Misdeclared, $"spec.adapters needs the server vllm; {model.Id} is served by {table.Server} here.");
            return;
        }

        if (adapters.FirstOrDefault(adapter => adapter.Revision is not null) is { } pinned)
        {
            Refuse(DeploymentReasons.Misdeclared, $"spec.adapters: '{pinned.Id}' names the revision {pinned.Revision}, which vLLM cannot be told. Put its files into the cache and name that folder in path.");
        }

        foreach (var adapter in adapters)
        {
            // A Model without an engine may say how the adapter is governed: its limits, its strategy.
            if (shelf.Of(question.Namespace).Find(adapter.Id) is { IsBuiltIn: false } taken && (taken.Id != adapter.Id || taken.Spec.IsEntry))
            {
                Refuse(DeploymentReasons.Misdeclared, $"spec.adapters: the id '{adapter.Id}' is taken: expected an id or alias that no model of namespace '{question.Namespace}' has; {taken.Origin} has it. Choose another.");
            }
        }

        arguments["--enable-lora"] = JsonSerializer.SerializeToElement(true);
        arguments["--max-loras"] = arguments.GetValueOrDefault("--max-loras", JsonSerializer.SerializeToElement(adapters.Count));
        // Those that the entry or the deployment names by hand stay: models that hear have one of their own.
        var others = arguments.GetValueOrDefault("--lora-modules") is var named && named.ValueKind == JsonValueKind.Array ? named.EnumerateArray().Select(one => one.ToString())
            : named.ValueKind == JsonValueKind.String ? [named.GetString()!] : [];
        arguments["--lora-modules"] = JsonSerializer.SerializeToElement(others.Concat(adapters.Select(LoraModule)).ToArray());
    }

    /// <summary>As vLLM reads it: <c>name=path</c>, or JSON for what that cannot say. It parts the first at every equals sign, and takes a comma for JSON and a dash for a flag.</summary>
    private static string LoraModule(AdapterSpec adapter)
    {
        var path = adapter.Repo ?? FolderOf(adapter.Path!);
        return adapter.Id.StartsWith('-') || (adapter.Id + path).AsSpan().ContainsAny('=', ',')
            ? new JsonObject { ["name"] = adapter.Id, ["path"] = path }.ToJsonString(AsWritten)
            : $"{adapter.Id}={path}";
    }

    /// <summary>
    /// Weights of one's own and adapters are under the licence that the model's entry names; a repository that the catalogue has an entry of stays under that one's, the model's own included where it
    /// is replaced. Whether code of a repository is run may be said by the deployment as well.
    /// </summary>
    private void AskGate(ModelSpec declared, ModelSpec deployed)
    {
        var environment = (declared.Environment ?? Empty).Concat(_spec.Environment ?? Empty).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Last().Value);
        var started = new StartedModel(declared with { Repo = deployed.Repo, Revision = deployed.Revision, Arguments = deployed.Arguments, Environment = environment })
        {
            Command = [.. (_spec.Command ?? []).Select(word => CommandWords.Expanded(word, environment))],
            Weights = [declared.Repo, .. (_spec.Adapters ?? []).Select(adapter => adapter.Repo ?? adapter.Path)],
        };
        var decision = LicenceGate.Of(state, question.Namespace).Decide(started);
        foreach (var fault in decision.Faults)
        {
            Refuse(DeploymentReasons.LicenceRefused, fault);
        }
    }

    private List<GpuChoice> Choices(Served served)
    {
        var (model, asked) = (served.Model, _spec.Gpu);
        if (Fitting.TooLong(model, new FitQuestion(_spec.Context)) is { } tooLong)
        {
            Refuse(DeploymentReasons.DoesNotFit, $"{model.Id} does not fit: {tooLong}");
            return [];
        }

        if (model.DefaultResources?.Gpu == 0 && asked?.Type is null && asked?.Count is null or 0)
        {
            return [served.Choose(null, null, 0, _spec.Context, "It runs on the CPU.", new StartOptions(1, _spec.Context))];
        }

        if (asked?.Count == 0)
        {
            // Said by hand: no GPU, whatever the entry thinks. Its server has to be one for the CPU.
            return [served.Choose(null, null, 0, _spec.Context, "No GPU was asked for.", new StartOptions(1, _spec.Context))];
        }

        var classes = Classes();
        if (asked?.Type is { } type && !classes.ContainsKey(type))
        {
            Refuse(DeploymentReasons.NoGpuClass, $"spec.gpu.type is '{type}'; expected the name of a GpuClass{(classes.Count == 0 ? ", of which none is declared" : ": " + string.Join(", ", classes.Keys))}. {Spelling.Remedy(type, classes.Keys) ?? "Declare it in namespace 'default'."}");
            return [];
        }

        if (classes.Count == 0)
        {
            Refuse(DeploymentReasons.NoGpuClass, $"{model.Id} needs a GPU, and no GpuClass says what GPUs there are here. Declare one in namespace 'default', such as {{ kind: GpuClass, metadata: {{ name: l4 }}, spec: {{ }} }}.");
            return [];
        }

        var misfits = new List<string>();
        var choices = classes
            .Where(pair => asked?.Type is null ? pair.Value.Spot != true : pair.Key == asked.Type)
            .Select(pair => Choose(pair.Key, pair.Value, served, misfits))
            .OfType<GpuChoice>()
            .OrderBy(choice => (choice.Spec!.PricePerHour ?? double.MaxValue) * choice.Count)
            .ThenBy(choice => choice.Count)
            .ThenBy(choice => choice.Class, StringComparer.Ordinal)
            .ToList();
        if (choices.Count == 0)
        {
            Refuse(DeploymentReasons.DoesNotFit, misfits.Count == 0
                ? $"{model.Id} needs a GPU, and all classes are of nodes that may be taken away at any time (spot). Name one in spec.gpu.type."
                : $"{model.Id} does not fit: {string.Join(" ", misfits)}");
        }

        return choices;
    }

    private GpuChoice? Choose(string name, GpuClassSpec spec, Served served, List<string> misfits)
    {
        if (GpuOf(name, spec) is not { } gpu)
        {
            misfits.Add($"GpuClass '{name}' says neither which known GPU it is (spec.gpu) nor how much memory it has (spec.memory).");
            return null;
        }

        var ask = new FitQuestion(_spec.Context, Utilization: DeploymentWords.Utilization(_spec, served.Table) ?? MemoryEstimator.DefaultUtilization);
        var fit = _spec.Gpu?.Count is { } count
            ? Fitting.WithGpus(served.Model, new GpuOffer(gpu, count), count, ask)
            : Fitting.Of(served.Model, new GpuOffer(gpu, gpu.IsPart ? 1 : 16), ask);
        if (!fit.Fits)
        {
            misfits.Add($"On {name}: {string.Join(" ", fit.Reasons)}");
            return null;
        }

        if (fit.Memory?.MostRequests < DeploymentWords.Requests(served.Model, served.Table))
        {
            misfits.Add($"On {name}: {served.Table.Spelling.MaxRequests} has the server run more requests at once than the {fit.Memory.MostRequests} whose states have room. Leave it out, or say fewer.");
            return null;
        }

        var gpus = Math.Max(1, fit.Gpus);
        var context = fit.Memory is { Cache.Bytes: > 0 } ? fit.Context : (int?)null;
        return served.Choose(name, spec, gpus, context, Arithmetic(fit, gpu), new StartOptions(gpus, context ?? _spec.Context, fit.MostRequests));
    }

    private static Gpu? GpuOf(string name, GpuClassSpec spec)
    {
        var known = Hardware.Gpus.GetValueOrDefault(spec.Gpu ?? name);
        return (known, spec.Memory) switch
        {
            (not null, { } memory) => known with { Memory = memory },
            (not null, null) => known,
            (null, { } memory) => new Gpu(name, memory, "9.0") { Id = name },
            _ => null,
        };
    }

    private static string Arithmetic(Fit fit, Gpu gpu) => fit.Memory is not { } memory
        ? "Nothing is reckoned for it."
        : string.Create(CultureInfo.InvariantCulture, $"{fit.Gpus} x {gpu.Name}: {memory.Weights.Gigabytes:0.0} GB weights, {memory.Working.Gigabytes:0.0} to work in, {memory.Cache.Gigabytes:0.0} cache for {fit.Context:N0} tokens, of {memory.Usable.Gigabytes:0.0} usable");

    /// <summary>Of the installation: those of the namespace <c>default</c>.</summary>
    private SortedDictionary<string, GpuClassSpec> Classes() => new(
        state.Namespace(ResourceMetadata.DefaultNamespace).Values
            .Where(resource => resource is { Spec: GpuClassSpec, IsGoing: false })
            .ToDictionary(resource => resource.Metadata.Name, resource => (GpuClassSpec)resource.Spec),
        StringComparer.Ordinal);

    private static Dictionary<string, string> Environment(ModelSpec model, ServerTable table)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal) { ["HF_HOME"] = "/models", ["HF_HUB_DISABLE_TELEMETRY"] = "1", ["DO_NOT_TRACK"] = "1" };
        foreach (var (name, value) in (table.Environment ?? Empty).Concat(model.Environment ?? Empty))
        {
            values[name] = value;
        }

        return values;
    }

    private ModelResources Resources(ModelSpec model, int gpus)
    {
        var said = _spec.Resources ?? new ModelResources();
        var usual = model.DefaultResources ?? new ModelResources();
        var weights = model.Weights?.Gibibytes ?? 0;
        var memory = gpus > 0 ? Math.Max(16, Math.Min(weights, LoadedAtOnce.Gibibytes) + 8) : Math.Max(4, (weights * 1.5) + 2);
        var disk = _spec.EffectiveCache == WeightCaches.None ? (Math.Ceiling(weights * 1.2 / 10) * 10) + 20 : 20;
        return new ModelResources
        {
            Cpu = said.Cpu ?? usual.Cpu ?? $"{Math.Max(2, gpus * 4)}",
            Memory = said.Memory ?? usual.Memory ?? ByteSize.FromGibibytes(Math.Ceiling(memory)),
            Disk = said.Disk ?? usual.Disk ?? ByteSize.FromGibibytes(disk),
            Gpu = gpus,
        };
    }

    private Dictionary<string, SnapshotSecret> SecretValues()
    {
        var values = new Dictionary<string, SnapshotSecret>(StringComparer.Ordinal);
        foreach (var (variable, reference) in _spec.Secrets ?? new Dictionary<string, SecretKeyReference>())
        {
            var secret = Secret(state, question.Namespace, reference.Name);
            if (secret?.Data.GetValueOrDefault(reference.Key) is { } value)
            {
                values[variable] = new SnapshotSecret(reference.Name, reference.Key, value);
            }
            else
            {
                Refuse(DeploymentReasons.Misdeclared, secret is null
                    ? $"spec.secrets.{variable} names the Secret '{reference.Name}', which namespace '{question.Namespace}' does not have. Apply it first."
                    : $"spec.secrets.{variable} names the key '{reference.Key}' of Secret '{reference.Name}', which has {string.Join(", ", secret.Data.Keys)}.");
            }
        }

        return values;
    }

    private SnapshotSecret? PullSecret() => PullSecret(state, question.Namespace);

    private ImagePolicySpec? ImagePolicy() =>
        state.Find(new ResourceKey(ResourceKind.ImagePolicy, question.Namespace, ImagePolicySpec.EffectiveName)) is { IsGoing: false, Spec: ImagePolicySpec policy } ? policy : null;

    /// <summary>What a namespace fetches and pushes images with.</summary>
    public static SnapshotSecret? PullSecret(CatalogueState state, string @namespace) =>
        Secret(state, @namespace, PinSecrets.Registries)?.Data.GetValueOrDefault(PinSecrets.RegistriesKey) is { } value ? new SnapshotSecret(PinSecrets.Registries, PinSecrets.RegistriesKey, value) : null;

    private static SealedSecretSpec? Secret(CatalogueState state, string @namespace, string name) => state.Find(new ResourceKey(ResourceKind.Secret, @namespace, name)) is { IsGoing: false, Spec: SealedSecretSpec found } ? found : null;

    private void Refuse(string reason, string message) => _faults.Add(new DeploymentFault(reason, message));

    private static string FolderOf(string path) => "/models/" + path;

    private static readonly JsonSerializerOptions AsWritten = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Dictionary<string, JsonElement> None = [];

    private static readonly Dictionary<string, string> Empty = [];

    /// <summary>The model as it is served.</summary>
    /// <param name="Model">At the commit that is kept, where one is.</param>
    /// <param name="Open">As it is declared.</param>
    private sealed record Served(ModelSpec Model, ModelSpec Open, ServerTable Table)
    {
        public GpuChoice Choose(string? name, GpuClassSpec? spec, int gpus, int? context, string arithmetic, StartOptions options) => Model.Dockerfile is not null
            ? new GpuChoice(name, spec, gpus, context, arithmetic, null)
            : new GpuChoice(
                name, spec, gpus, context, arithmetic, Arguments(Model, options),
                Model.Revision == Open.Revision ? null : Arguments(Open, options));

        /// <summary>The flags of the entry and of the deployment are one by now, and this server's.</summary>
        private IReadOnlyList<string> Arguments(ModelSpec model, StartOptions options) => ServerCommand.Arguments(model, Table, options with { AreOfServer = true });
    }
}
