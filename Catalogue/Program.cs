using Orrery.Catalogue;
using Orrery.Catalogue.Commands;

if (CatalogueCommands.Wants(args))
{
    return await CatalogueCommands.RunAsync(args);
}

await CatalogueHost.Build(args).RunAsync();
return 0;
