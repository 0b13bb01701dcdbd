using System.Net.Sockets;
using System.Text;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace Orrery.Tests.Hosting;

public sealed class RedisTests : IDisposable
{
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("hosting-tests-");

    [Fact]
    public async Task Data_survives_a_second_run_and_the_password_is_on_no_command_line()
    {
        Assert.SkipUnless(RedisServer.Program is not null, "Redis is not installed.");
        var (app, redis) = await StartAsync();
        await using (app)
        {
            Assert.Equal("+OK", await AskAsync(redis, "SET", "kept", "yes"));
            var commandLine = await File.ReadAllTextAsync($"/proc/{await app.PidAsync("cache")}/cmdline", Graph.Soon());
            Assert.DoesNotContain("a\"b\\c", commandLine, StringComparison.Ordinal);
        }

        (app, redis) = await StartAsync();
        await using (app)
        {
            Assert.Equal("$3", await AskAsync(redis, "GET", "kept"));
        }
    }

    [Fact]
    public async Task A_second_host_does_not_touch_the_data_of_a_running_one()
    {
        Assert.SkipUnless(RedisServer.Program is not null, "Redis is not installed.");
        var (app, redis) = await StartAsync();
        await using (app)
        {
            var builder = Graph.Create($"--AppHost:StateDirectory={_state.FullName}", "--Parameters:cache-password=other");
            builder.AddRedis("cache").WithDataVolume();
            await using (var second = await builder.StartAsync())
            {
                await second.UntilAsync("cache", KnownResourceStates.FailedToStart);
                Assert.Contains(await second.LinesAsync("cache"), line => line.StartsWith("'cache' cannot start: another running AppHost uses its data in ", StringComparison.Ordinal));
            }

            Assert.Equal("+OK", await AskAsync(redis, "SET", "kept", "still"));
        }
    }

    [Fact]
    public async Task Without_its_password_nothing_is_told()
    {
        Assert.SkipUnless(RedisServer.Program is not null, "Redis is not installed.");
        var (app, redis) = await StartAsync();
        await using (app)
        {
            Assert.StartsWith("-NOAUTH", await AskAsync(redis, withPassword: false, "GET", "kept"), StringComparison.Ordinal);
        }
    }

    public void Dispose() => _state.Delete(recursive: true);

    private async Task<(DistributedApplication App, RedisResource Redis)> StartAsync()
    {
        // Quotes and backslashes, since the password is written into a configuration.
        var builder = Graph.Create($"--AppHost:StateDirectory={_state.FullName}", "--Parameters:cache-password=a\"b\\c");
        var redis = builder.AddRedis("cache").WithDataVolume();
        var app = await builder.StartAsync();
        await app.UntilHealthyAsync("cache");
        return (app, redis.Resource);
    }

    private static Task<string?> AskAsync(RedisResource redis, params string[] words) => AskAsync(redis, withPassword: true, words);

    private static async Task<string?> AskAsync(RedisResource redis, bool withPassword, params string[] words)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("localhost", redis.PrimaryEndpoint.Port, Graph.Soon());
        using var reader = new StreamReader(client.GetStream());
        string? answer = null;
        foreach (var request in withPassword ? (string[][])[["AUTH", (await redis.PasswordParameter!.GetValueAsync(Graph.Soon()))!], words] : [words])
        {
            var text = $"*{request.Length}\r\n" + string.Concat(request.Select(word => $"${word.Length}\r\n{word}\r\n"));
            await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text), Graph.Soon());
            answer = await reader.ReadLineAsync(Graph.Soon());
        }

        return answer;
    }
}
