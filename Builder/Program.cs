using Orrery.Builder;

await BuilderHost.Build(args).RunAsync();
