using Orrery.Simulator;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddSimulator();

var app = builder.Build();
app.UseServerTelemetry(); // Health is vLLM's own: an empty 200.
app.MapSimulator();
app.Run();
