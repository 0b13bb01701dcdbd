using System.Globalization;
using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>The machine's own redis-server. Its configuration goes in by standard input, so that no password stands on a command line or in a file.</summary>
internal static class RedisServer
{
    public static string? Program { get; } = Programs.Find("redis-server");

    public static async Task<LaunchPlan> PlanAsync(RedisResource redis, LocalServerContext context)
    {
        var password = redis.PasswordParameter is { } parameter ? await parameter.GetValueAsync(context.CancellationToken) : null;
        return new LaunchPlan
        {
            FileName = Program!,
            Arguments = ["-"],
            WorkingDirectory = context.DataDirectory,
            StandardInput = Configuration(redis, context, password),
            Properties = [new("hosted.by", Program), new("data.directory", context.DataDirectory)],
        };
    }

    private static string Configuration(RedisResource redis, LocalServerContext context, string? password)
    {
        var text = new StringBuilder()
            .AppendLine("bind 127.0.0.1 -::1")
            .AppendLine(CultureInfo.InvariantCulture, $"port {redis.PrimaryEndpoint.Port}")
            .AppendLine(CultureInfo.InvariantCulture, $"dir {Quoted(context.DataDirectory)}")
            .AppendLine("daemonize no")
            .AppendLine("appendonly no");
        text.AppendLine(redis.TryGetLastAnnotation<RedisPersistenceAnnotation>(out var save)
            ? string.Create(CultureInfo.InvariantCulture, $"save {(int)save.Interval.TotalSeconds} {save.KeysChanged}")
            : "save \"\"");
        if (password is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"requirepass {Quoted(password)}");
        }

        return text.ToString();
    }

    private static string Quoted(string value) => "\"" + value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
}
