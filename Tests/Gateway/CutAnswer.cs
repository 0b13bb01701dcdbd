using System.Text;

namespace Orrery.Tests.Gateway;

/// <summary>Reads an answer whose connection must be cut before its end.</summary>
internal static class CutAnswer
{
    /// <returns>What came before the cut.</returns>
    public static async Task<string> ReadAsync(HttpResponseMessage response)
    {
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using var read = new MemoryStream();
        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(read, TestContext.Current.CancellationToken));
        return Encoding.UTF8.GetString(read.ToArray());
    }
}
