using System.Collections;

// A service for the tests of Hosting: says who it is, what it was given, and ends when it is told.
var app = WebApplication.CreateSlimBuilder(args).Build();
app.MapGet("/", () => Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
app.MapGet("/environment", () => string.Join('\n', Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(one => $"{one.Key}={one.Value}")));
app.MapGet("/directory", () => Directory.GetCurrentDirectory());
app.MapGet("/health", () => Results.Ok());
app.MapPost("/crash", () => Environment.FailFast("asked to"));
app.Run();
