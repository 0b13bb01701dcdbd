// An AppHost for the tests of Hosting: run as a process of its own to be killed, and by the testing builder.
var builder = DistributedApplication.CreateBuilder(args);

var redis = builder.AddRedis("cache").WithDataVolume();
var database = builder.AddPostgres("pg").AddDatabase("db");

var service = builder.AddProject<Projects.Service>("service")
    .WithReference(redis)
    .WaitFor(redis)
    .WithHttpHealthCheck("/health")
    .WithReplicas(2);

// Ignores what it is asked, starts a child, and one that leaves its group.
builder.AddExecutable("stubborn", "sh", ".", "-c", "trap '' TERM INT; sleep 1000 & setsid sleep 1000 & while :; do sleep 1; done")
    .WithReference(service)
    .WaitFor(service)
    .WaitFor(database);

if (builder.Configuration["box"] is { } image)
{
    builder.AddContainer("box", image).WithContainerRuntimeArgs(builder.Configuration["limits"]!.Split(' ')).WithArgs("/bin/sleep", "1000");
}

builder.Build().Run();
