namespace Orrery.Tests;

/// <summary>Reference documents that are not part of the repository, in the folder that <c>ORRERY_TEST_DATA</c> names.</summary>
internal static class TestData
{
    /// <summary>The path of a document; the running test is skipped, with the document's name, where it is absent.</summary>
    public static string Require(string name)
    {
        var path = Path.Combine(Environment.GetEnvironmentVariable("ORRERY_TEST_DATA") ?? "", name);
        Assert.SkipUnless(File.Exists(path), $"{name} is not in the folder that ORRERY_TEST_DATA names.");
        return path;
    }
}
