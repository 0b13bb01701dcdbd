using Orrery.Catalogue;

await CatalogueHost.Build(args).RunAsync();
