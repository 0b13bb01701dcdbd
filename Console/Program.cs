using Orrery.WebConsole;

await ConsoleHost.Build(args).RunAsync();
