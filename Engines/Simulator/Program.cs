using Orrery.Simulator;

if (args is ["serve", .. var words])
{
    var start = ServeCommand.Read(words);
    if (start.Error is not null)
    {
        Console.Error.WriteLine(start.Error);
        return start.ExitCode;
    }

    args = [.. start.Arguments];
}

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddSimulator();

var app = builder.Build();
app.UseServerTelemetry(); // Health is vLLM's own: an empty 200.
app.MapSimulator();
app.Run();
return 0;
