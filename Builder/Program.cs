using Orrery.Builder;
using Orrery.Builder.Commands;

if (BuilderCommands.Wants(args))
{
    return await BuilderCommands.RunAsync(args);
}

await BuilderHost.Build(args).RunAsync();
return 0;
