using System.Text;
using Aspire.Hosting;

namespace Orrery.Tests.Hosting.Surface;

/// <summary>
/// No Aspire package restores here, so what the AppHost uses of Aspire is compared with a table of its real public API:
/// AppHost/aspire-members.md is the list, and these tests keep it true.
/// </summary>
public sealed class AppHostSurfaceTests
{
    private static readonly string ListPath = Path.Combine(AppHostUse.Folder, "aspire-members.md");

    /// <summary>Members of 13.5 that the AppHost may use although 13.4.6 lacks them, each with its reason.</summary>
    private static readonly Dictionary<string, string> Only135 = [];

    [Fact]
    public async Task Members_are_listed()
    {
        var source = Path.Combine(Environment.GetEnvironmentVariable("ORRERY_TEST_DATA") ?? "", AspireTable.Source);
        var table = AspireTable.Read(File.Exists(source) ? source : ListPath);
        var wanted = Describe(table);
        var listed = File.Exists(ListPath) ? await File.ReadAllTextAsync(ListPath, Graph.Soon()) : "";
        if (listed != wanted)
        {
            var draft = Path.Combine(Path.GetTempPath(), "aspire-members.md");
            await File.WriteAllTextAsync(draft, wanted, Graph.Soon());
            Assert.Fail($"AppHost/aspire-members.md does not list what the AppHost uses. The right text is in {draft}.");
        }
    }

    [Fact]
    public void Declarations_are_those_of_Aspire()
    {
        var table = AspireTable.Read(TestData.Require(AspireTable.Source));
        Refuse(AppHostUse.Types.SelectMany(use => Mismatch.Of(table, use.Type, use.Rows)));
    }

    /// <summary>Also what the AppHost does not use: the table knows the types that an AppHost meets, and the bundled ones stay inside it.</summary>
    [Fact]
    public void The_bundled_host_has_no_member_that_Aspire_lacks()
    {
        var table = AspireTable.Read(TestData.Require(AspireTable.Source));
        var known = typeof(DistributedApplication).Assembly.GetExportedTypes().Where(type => table.Find(DeclarationText.Name(type)) is not null);
        Refuse(known.SelectMany(type => Mismatch.Of(table, type, DeclarationText.Rows(type))));
    }

    [Fact]
    public void Nothing_is_used_that_came_after_13_4()
    {
        Assert.Empty(Release134.Stale(AspireTable.Read(TestData.Require(AspireTable.Source))));
        Assert.Empty(AppHostUse.Types.SelectMany(use => use.Rows.Where(row => Release134.Lacks(DeclarationText.Name(use.Type), row))).Except(Only135.Keys));
    }

    [Fact]
    public void Experimental_members_are_allowed_by_name_and_no_others()
    {
        var used = AppHostUse.Experimental(AspireTable.Read(TestData.Require(AspireTable.Source)));
        Assert.Equal(used, AppHostUse.NoWarn.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Packages_that_are_used_are_referenced()
    {
        var table = AspireTable.Read(TestData.Require(AspireTable.Source));
        var used = AppHostUse.Types.Select(use => table.Find(DeclarationText.Name(use.Type))?.Package).OfType<string>().Distinct();
        Assert.Empty(used.Except(AppHostUse.Packages));
    }

    private static void Refuse(IEnumerable<string> mismatches)
    {
        var wrong = mismatches.ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static string Describe(AspireTable table)
    {
        var text = new StringBuilder(
            """
            # Aspire members that the AppHost uses

            Read from the compiled AppHost, each beside its row in a table of Aspire 13.5.2's public API; `Tests/Hosting/Surface` keeps it true.
            A heading is a type with its namespace, package and kind, and with what it derives from after ←. A type without rows is only named.

            `RB<T>` is IResourceBuilder&lt;T&gt;, `CT` CancellationToken, `X.Method(…)` an extension method on X, `$"…"handler`
            ReferenceExpression.ExpressionInterpolatedStringHandler; a default of `null` on a struct is its default.
            *since* is the older of the two releases looked at, 13.4.6 and 13.5.2, that has the member; *experimental* the id that
            AppHost.csproj must allow.

            """);
        foreach (var (type, rows) in AppHostUse.Types)
        {
            var name = DeclarationText.Name(type);
            var header = table.Find(name)?.Header[name.Length..] ?? " (only named by the rows of others)";
            text.Append($"\n### `{name}`{header}\n");
            if (rows.Count == 0)
            {
                continue;
            }

            text.Append("\n| member | since | experimental |\n| --- | --- | --- |\n");
            foreach (var row in rows)
            {
                var since = Release134.Lacks(name, row) ? "13.5.2" : "13.4.6";
                text.Append($"| `{row}` | {since} | {AppHostUse.ExperimentalId(row)} |\n");
            }
        }

        return text.ToString();
    }
}
