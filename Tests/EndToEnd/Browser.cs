using Microsoft.Playwright;

namespace Orrery.Tests.EndToEnd;

/// <summary>The distribution's Chromium, driven by Playwright. What goes wrong on a page is collected.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly string[] Paths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Browser> StartAsync()
    {
        var path = Paths.FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "There is no Chromium here; ./test installs it.");
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = path,
            Args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"],
        });
        return new(playwright, browser);
    }

    /// <summary>A page of a new visitor.</summary>
    /// <param name="width">1280 or 390, for which the pages are made.</param>
    /// <param name="scheme">What the visitor's system prefers.</param>
    /// <param name="faults">Where errors of script, of the policy and of requests go.</param>
    public async Task<IPage> OpenAsync(int width, ColorScheme scheme, List<string> faults)
    {
        var context = await _browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = width < 500 ? 844 : 860 }, ColorScheme = scheme });
        var page = await context.NewPageAsync();
        page.Console += (_, message) => Note(message.Type == "error", message.Text);
        page.PageError += (_, error) => Note(true, error);
        page.SetDefaultTimeout(30_000);
        return page;

        void Note(bool isFault, string text)
        {
            if (isFault)
            {
                lock (faults)
                {
                    faults.Add($"{page.Url}: {text}");
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
