using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Orrery.Tests.EndToEnd;

/// <summary>The Console of the running graph under load, as people see it. <c>ORRERY_SCREENSHOTS</c> names a folder that pictures of the pages go to.</summary>
[Collection(RunningGraphCollection.Name)]
public sealed class ConsoleTests(RunningGraph graph)
{
    private static readonly (string Name, string Path)[] Pages =
    [
        ("resources", "/"), ("resources-table", "/?view=table"), ("resource", "/resources/catalogue"), ("output", "/output?resource=gateway-1"), ("logs", "/logs"),
        ("traces", "/traces?show=models"), ("metrics", "/metrics"), ("instruments", "/metrics/instruments"), ("instrument", "/metrics/instruments/orrery.gateway.requests?service=gateway"),
    ];

    [Theory]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    public async Task Every_page_is_whole_wide_or_narrow_dark_or_light_and_open_to_everybody(int width, ColorScheme scheme)
    {
        await using var load = Load.Begin(graph);
        await using var browser = await Browser.StartAsync();
        var faults = new List<string>();
        var page = await browser.OpenAsync(width, scheme, faults);
        await page.GotoAsync(Url("/sign-in"));
        await LookAsync(page, "sign-in", width, scheme, faults);
        await SignInAsync(page);
        await load.AnsweredAsync(20);
        foreach (var (name, path) in Pages)
        {
            await page.GotoAsync(Url(path));
            await LookAsync(page, name, width, scheme, faults);
        }

        await page.GotoAsync(Url($"/traces?show=models&status=ok&model={RunningGraph.ChatModel}"));
        await page.Locator("tbody a").First.ClickAsync();
        await Expect(page.Locator(".way")).ToContainTextAsync("Settled");
        await Expect(page.Locator(".way").GetByRole(AriaRole.Table)).ToBeVisibleAsync();
        await page.Locator(".fall summary").First.ClickAsync();
        await LookAsync(page, "trace", width, scheme, faults);
        Assert.Empty(faults);
    }

    [Fact]
    public async Task A_request_is_found_by_its_id_and_tells_its_way()
    {
        using var client = graph.GatewayClient();
        using var answer = await client.PostAsJsonAsync(
            "/v1/chat/completions", new { model = RunningGraph.ChatModel, max_tokens = 5, stream = true, messages = new[] { new { role = "user", content = "Hello" } } }, Soon);
        var request = answer.Headers.GetValues("x-request-id").Single();
        await answer.Content.ReadAsStringAsync(Soon);

        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(1280, ColorScheme.Dark, []);
        await SignInAsync(page);
        await Eventually.Holds(
            async () =>
            {
                await page.GetByLabel("Find a request id or a trace id").FillAsync(request);
                await page.GetByLabel("Find a request id or a trace id").PressAsync("Enter");
                await page.WaitForLoadStateAsync();
                return page.Url;
            },
            url => url.Contains("/traces/", StringComparison.Ordinal));
        var way = page.Locator(".way");
        await Expect(way).ToContainTextAsync("Access key first of namespace default");
        foreach (var station in (string[])["Authenticated", "Read", "Resolved", "Planned", "Attempt 1", "First token", "Settled"])
        {
            await Expect(way.GetByRole(AriaRole.Heading, new() { Name = station })).ToBeVisibleAsync();
        }

        await Expect(way.GetByRole(AriaRole.Table)).ToContainTextAsync("simulator");
        await Expect(way).ToContainTextAsync("5 out");

        // Its spans, opened by keyboard alone, and its log entries one click away.
        await page.Locator(".fall summary").Nth(1).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".fall details[open]")).ToContainTextAsync("gen_ai.provider.name");
        await page.GetByRole(AriaRole.Link, new() { Name = "log entries" }).ClickAsync();
        Assert.Contains("/logs?trace=", page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_happens_appears_without_asking_and_filters_hold()
    {
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(1280, ColorScheme.Dark, []);
        await SignInAsync(page);
        await page.GotoAsync(Url("/traces?show=models"));
        await page.GetByLabel("Status").SelectOptionAsync("failed");
        await Expect(page).ToHaveURLAsync(new Regex("status=failed")); // Asked again and again: WaitForURLAsync misses what happens while it begins to listen.
        await Expect(page.Locator(".pulse")).ToHaveAttributeAsync("data-state", "live");
        var unknown = $"unknown-{Guid.CreateVersion7():N}"[..20];
        using var client = graph.GatewayClient();
        await client.PostAsJsonAsync("/v1/chat/completions", new { model = unknown, messages = new[] { new { role = "user", content = "x" } } }, Soon);
        await client.PostAsJsonAsync("/v1/chat/completions", new { model = RunningGraph.ChatModel, max_tokens = 1, messages = new[] { new { role = "user", content = "x" } } }, Soon);
        await page.GotoAsync(Url("/traces?show=models"));
        await Expect(page.Locator("tbody")).ToContainTextAsync(unknown);

        // Held still, nothing moves; then it goes on.
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(page.Locator(".pulse")).ToHaveTextAsync("Paused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.Locator(".pulse")).ToHaveTextAsync("Live");
    }

    [Fact]
    public async Task A_resource_is_stopped_and_started_and_everybody_sees_it()
    {
        await using var browser = await Browser.StartAsync();
        var (mine, others) = (await browser.OpenAsync(1280, ColorScheme.Dark, []), await browser.OpenAsync(390, ColorScheme.Light, []));
        await SignInAsync(mine);
        await SignInAsync(others);
        await mine.GotoAsync(Url("/?view=table"));
        await others.GotoAsync(Url("/resources/redis"));
        await Expect(others.Locator(".head .badge").First).ToHaveTextAsync("Running");

        await mine.GetByRole(AriaRole.Button, new() { Name = "Stop redis" }).ClickAsync();
        await Expect(others.Locator(".head .badge").First).ToHaveTextAsync("Exited with 0");
        await Expect(mine.Locator("tr", new() { HasText = "redis" }).Locator(".badge").First).ToHaveTextAsync("Exited with 0");
        await mine.GetByRole(AriaRole.Button, new() { Name = "Start redis" }).ClickAsync();
        await Expect(others.Locator(".head .badge").First).ToHaveTextAsync("Running");
        await graph.App.ResourceNotifications.WaitForResourceHealthyAsync("redis", Soon);
    }

    [Fact]
    public async Task Secrets_are_on_no_page()
    {
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(1280, ColorScheme.Dark, []);
        await SignInAsync(page);
        foreach (var resource in (string[])["catalogue", "gateway-1", "gateway-2", "console", "simulator", "redis", "postgres", "first-key"])
        {
            await page.GotoAsync(Url($"/resources/{resource}"));
            var html = await page.ContentAsync();
            Assert.DoesNotContain(RunningGraph.FirstKey, html, StringComparison.Ordinal);
            foreach (var secret in await SecretsAsync())
            {
                Assert.DoesNotContain(secret, html, StringComparison.Ordinal);
            }
        }

        await page.GotoAsync(Url("/resources/catalogue"));
        await Expect(page.Locator("main")).ToContainTextAsync("Catalogue__FirstKey");
        await Expect(page.Locator(".masked").First).ToHaveTextAsync("••••••••");
    }

    [Fact]
    public async Task A_viewer_looks_and_changes_nothing_and_a_revoked_key_sees_nothing_more()
    {
        var (viewer, user) = (await MakeKeyAsync("viewer"), await MakeKeyAsync("user"));
        await using var browser = await Browser.StartAsync();
        var page = await browser.OpenAsync(1280, ColorScheme.Dark, []);
        await SignInAsync(page, user.Token, isLetIn: false);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("has the role 'user'");

        await SignInAsync(page, viewer.Token);
        await page.GotoAsync(Url("/?view=table"));
        await Expect(page.Locator("tbody")).ToContainTextAsync("catalogue");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Stop redis" })).ToHaveCountAsync(0);
        Assert.Equal(403, (await page.APIRequest.PostAsync(Url("/resources/redis/commands/resource-stop"))).Status);
        using var gateway = graph.GatewayClient(viewer.Token);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await gateway.GetAsync("/v1/models", Soon)).StatusCode);

        using var catalogue = graph.CatalogueClient();
        (await catalogue.DeleteAsync($"/apis/orrery.dev/v1/namespaces/default/accesskeys/{viewer.Name}", Soon)).EnsureSuccessStatusCode();
        await Eventually.Holds(
            async () =>
            {
                await page.GotoAsync(Url("/traces"));
                return page.Url;
            },
            url => url.Contains("/sign-in", StringComparison.Ordinal));
    }

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    private string Url(string path) => new Uri(graph.Console, path).ToString();

    private async Task SignInAsync(IPage page, string key = RunningGraph.FirstKey, bool isLetIn = true)
    {
        await page.GotoAsync(Url("/sign-in"));
        await page.GetByLabel("Access key").FillAsync(key);
        await page.GetByLabel("Access key").PressAsync("Enter");
        await (isLetIn ? Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Resources" })).ToBeVisibleAsync() : Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync());
    }

    private static async Task LookAsync(IPage page, string name, int width, ColorScheme scheme, List<string> faults)
    {
        await page.WaitForLoadStateAsync(LoadState.DOMContentLoaded);
        if (await page.Locator(".pulse").CountAsync() > 0)
        {
            await Expect(page.Locator(".pulse").First).ToHaveAttributeAsync("data-state", "live");
        }

        var scan = await page.RunAxe();
        faults.AddRange(scan.Violations.Select(one => $"{name} at {width}, {scheme}: {one.Id}: {string.Join(" | ", one.Nodes.Take(3).Select(node => node.Html))}"));
        var tooWide = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (tooWide > 0)
        {
            faults.Add($"{name} at {width}: {tooWide} pixels wider than its window");
        }

        if (Environment.GetEnvironmentVariable("ORRERY_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{width}-{(scheme == ColorScheme.Dark ? "dark" : "light")}.png") });
        }
    }

    private async Task<List<string>> SecretsAsync()
    {
        var secrets = new List<string>();
        foreach (var name in (string[])["internal-key", "secrets-key", "telemetry-key", "postgres-password", "redis-password"])
        {
            var parameter = Assert.IsType<Aspire.Hosting.ApplicationModel.ParameterResource>(graph.Resource(name));
            secrets.Add((await parameter.GetValueAsync(Soon))!);
        }

        return secrets;
    }

    private async Task<(string Name, string Token)> MakeKeyAsync(string role)
    {
        var name = $"{role}-{Guid.CreateVersion7():N}"[..30];
        using var catalogue = graph.CatalogueClient();
        using var answer = await catalogue.PutAsJsonAsync(
            $"/apis/orrery.dev/v1/namespaces/default/accesskeys/{name}", new { apiVersion = "orrery.dev/v1", kind = "AccessKey", metadata = new { name }, spec = new { role } }, Soon);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Soon));
        var body = await answer.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Soon);
        return (name, body.GetProperty("token").GetString()!);
    }
}
