using Orrery.AppHost;

var builder = DistributedApplication.CreateBuilder(args);
if (Settings.Faults(builder) is { Count: > 0 } faults)
{
    faults.ForEach(Console.Error.WriteLine);
    return 1;
}

// What an operator may set: Parameters__first_key, Parameters__gateway_port, … Absent secrets are made once and kept.
var firstKey = builder.AddParameter("first-key", new AccessTokenDefault(), secret: true, persist: true);
var internalKey = builder.AddGeneratedSecret("internal-key");
var secretsKey = builder.AddGeneratedSecret("secrets-key");

// Stores
var postgres = builder.AddPostgres("postgres", password: builder.AddGeneratedSecret("postgres-password")).WithDataVolume("orrery-postgres");
var database = postgres.AddDatabase("orrery");
var redis = builder.AddRedis("redis", password: builder.AddGeneratedSecret("redis-password")).WithDataVolume("orrery-redis");

// Model servers: what is served here, and how it is told to the catalogue
var models = builder.AddModelServers();

// Control plane
var catalogue = builder.AddProject<Projects.Catalogue>("catalogue")
    .WithPort(builder, Settings.CataloguePort)
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/health/ready")
    .WithReference(database).WaitFor(database)
    .WithEnvironment("Catalogue__FirstKey", firstKey)
    .WithEnvironment("Catalogue__ManagedResources", models.ManagedResources)
    .WithEnvironment("Internal__Key", internalKey)
    .WithEnvironment("Secrets__Key", secretsKey);

// Data plane: needs neither store to answer, and so waits for the first snapshot only
var gateway = builder.AddProject<Projects.Gateway>("gateway")
    .WithPort(builder, Settings.GatewayPort)
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/health/ready")
    .WithReplicaCount(builder, Settings.GatewayReplicas)
    .WithReference(redis)
    .WithReference(catalogue).WaitFor(catalogue)
    .WithDataDirectory("Gateway__DataDirectory", "gateway")
    .WithEnvironment("Internal__Key", internalKey)
    .WithEnvironment("Secrets__Key", secretsKey);

builder.Welcome(gateway, catalogue, firstKey, models);
builder.Build().Run();
return Environment.ExitCode;
