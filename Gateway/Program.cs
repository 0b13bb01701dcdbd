using Orrery.Gateway;

await using var app = GatewayHost.Build(args);
SocketThreads.Use(app.Configuration);
await app.RunAsync();
