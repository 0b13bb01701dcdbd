using Microsoft.AspNetCore.Diagnostics;

namespace Orrery.Builder;

/// <summary>The service as <c>Program.cs</c> and the tests start it.</summary>
internal static class BuilderHost
{
    public static WebApplication Build(string[] args)
    {
        // Settings lie beside the program, unless it was started where others are.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = File.Exists("appsettings.json") ? null : AppContext.BaseDirectory });
        builder.AddServiceDefaults();
        builder.AddBuilder();

        var app = builder.Build();
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = AnswerAsync });
        app.MapDefaultEndpoints();
        app.MapBuilder();
        return app;
    }

    /// <summary>What went wrong, and nothing of the request: its headers hold the callers' token.</summary>
    private static Task AnswerAsync(HttpContext http) => (http.Features.Get<IExceptionHandlerFeature>()?.Error is BadHttpRequestException bad
        ? TypedResults.Problem(bad.Message, statusCode: bad.StatusCode)
        : TypedResults.Problem($"The Builder failed; its log says why under {http.TraceIdentifier}.", statusCode: StatusCodes.Status500InternalServerError)).ExecuteAsync(http);
}
