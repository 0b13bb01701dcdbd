using Orrery.AppHost;

if (Arguments.AskForHelp(args))
{
    Console.WriteLine(Usage.Text);
    return 0;
}

if (Arguments.Fault(args) is { } fault)
{
    Console.Error.WriteLine($"{fault} See --help.");
    return 2;
}

var builder = DistributedApplication.CreateBuilder(args);
if (Settings.Faults(builder) is { Count: > 0 } faults)
{
    faults.ForEach(Console.Error.WriteLine);
    return 1;
}

// What an operator may set: Parameters__first_key, Parameters__gateway_port, … Absent secrets are made once and kept.
var firstKey = builder.AddParameter("first-key", new AccessTokenDefault(), secret: true, persist: true).WithDescription("The first administrator's access key.");
var internalKey = builder.AddGeneratedSecret("internal-key").WithDescription("Signs the calls between the services.");
var telemetryKey = builder.AddGeneratedSecret("telemetry-key").WithDescription("Lets the services send their telemetry to the console.");
var secretsKey = builder.AddGeneratedSecret("secrets-key").WithDescription("Seals providers' keys in the database: without it they cannot be read again.");

// Stores
var postgres = builder.AddPostgres("postgres", password: builder.AddGeneratedSecret("postgres-password"))
    .WithDataVolume("orrery-postgres")
    .WithEnvironment("POSTGRES_DB", "orrery") // A published server makes its database itself; in run mode the host does.
    .WithResources(cpu: "250m", memory: "512Mi", memoryLimit: "2Gi");
var database = postgres.AddDatabase("orrery");
var redis = builder.AddRedis("redis", password: builder.AddGeneratedSecret("redis-password"))
    .WithDataVolume("orrery-redis")
    .WithResources(cpu: "100m", memory: "256Mi", memoryLimit: "1Gi");

// Model servers: what is served here, and how it is told to the catalogue
var models = builder.AddModelServers();

// Control plane
var catalogue = builder.AddProject<Projects.Catalogue>("catalogue")
    .WithPort(builder, Settings.CataloguePort)
    .WithExternalHttpEndpoints()
    .WithHealth()
    .WithPlainReferences()
    .WithReference(database).WaitFor(database)
    .WithModelServers(models)
    .WithEnvironment("Catalogue__FirstKey", firstKey)
    .WithEnvironment("Internal__Key", internalKey)
    .WithEnvironment("Secrets__Key", secretsKey)
    .WithResources(cpu: "250m", memory: "512Mi", memoryLimit: "1Gi")
    .WithDrain(seconds: 30)
    .WithOpenEgress(); // It tests providers' connections.

// Runs the models that operators declare: containers of this machine, pods of a cluster
var deployments = builder.AddProject<Projects.Builder>("builder")
    .WithFreePort()
    .WithHealth()
    .WithPlainReferences()
    .WithReference(database).WaitFor(database)
    .WithReference(catalogue.GetEndpoint("http")).WaitFor(catalogue)
    .WithSimulatedTarget(models)
    .WithEnvironment("Internal__Key", internalKey)
    .WithEnvironment("Secrets__Key", secretsKey)
    .WithResources(cpu: "100m", memory: "256Mi", memoryLimit: "1Gi")
    .WithDrain(seconds: 10)
    .WithClusterRights()
    .WithOpenEgress(); // It talks to the cluster, to its models and to registries.
catalogue.WithReference(deployments.GetEndpoint("http")); // Which answers for it what becomes of deployments.

// Data plane: needs no store to answer, and so waits for the first snapshot only
var leastGateways = builder.LeastReplicas(Settings.GatewayReplicas, inCluster: 2);
var gateway = builder.AddProject<Projects.Gateway>("gateway")
    .WithPort(builder, Settings.GatewayPort)
    .WithExternalHttpEndpoints()
    .WithHealth()
    .WithReplicaCount(builder, Settings.GatewayReplicas, "Gateway__Quota__LeastReplicas", leastGateways)
    .WithPlainReferences()
    .WithReference(redis)
    .WithReference(database) // Stored responses and jobs; all else goes on without it.
    .WithReference(catalogue.GetEndpoint("http")).WaitFor(catalogue)
    .WithEngines(models)
    .WithDataDirectory("Gateway__DataDirectory", "gateway")
    .WithEnvironment("Internal__Key", internalKey)
    .WithEnvironment("Secrets__Key", secretsKey)
    .WithEnvironment("DOTNET_GCgen0size", "0x4000000") // 64 MiB, hexadecimal, and no setting but this: a collection stops every stream, so a fourth as many of them.
    .WithEnvironment("DOTNET_JitHostMaxSlabCache", "0") // What compiling took is freed, not kept: 3 MB at rest.
    .WithEnvironment("MALLOC_MMAP_THRESHOLD_", "65536") // And goes back to the system, whatever small thing lies behind it: 4 MB more.
    .WithResources(cpu: "500m", memory: "512Mi", memoryLimit: "2Gi")
    .WithDrain(seconds: 300)
    .WithAutoscaling(leastGateways, most: Math.Max(10, leastGateways), processorPercent: 70)
    .WithOpenEgress();

// What an operator looks at: it waits for nobody, and nobody for it
var console = builder.AddProject<Projects.Console>("console")
    .WithPort(builder, Settings.ConsolePort)
    .WithExternalHttpEndpoints()
    .WithHealth()
    .WithPlainReferences()
    .WithReference(catalogue.GetEndpoint("http"))
    .WithCollector(telemetryKey)
    .WithTelemetryHistory(database)
    .WithEngineMetrics(models)
    .WithResourceFeed()
    .WithEnvironment("Console__FirstKey", firstKey)
    .WithEnvironment("Internal__Key", internalKey)
    .WithResources(cpu: "100m", memory: "512Mi", memoryLimit: "2Gi")
    .WithDrain(seconds: 10);

foreach (var service in builder.Resources.OfType<ProjectResource>())
{
    builder.CreateResourceBuilder(service).WithTelemetryTo(console, telemetryKey).WithMetrics();
}

if (Arguments.UnknownParameters(args, builder).ToList() is { Count: > 0 } unknown)
{
    unknown.ForEach(Console.Error.WriteLine);
    return 1;
}

builder.AddCluster();
builder.Welcome(gateway, catalogue, console, firstKey, models);
builder.Build().Run();
return Environment.ExitCode;
