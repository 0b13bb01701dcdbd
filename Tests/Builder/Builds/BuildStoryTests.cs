using System.Net;
using Orrery.Tests.Builder.Container;
using Orrery.Tests.ServiceDefaults.Registries;

namespace Orrery.Tests.Builder.Builds;

/// <summary>From a Dockerfile to a model that answers, on podman and a registry.</summary>
[Collection(ServerImageCollection.Name)]
public sealed class BuildStoryTests(ServerImage image, PostgresServer postgres, ITestOutputHelper output)
{
    [Fact]
    public async Task A_model_without_an_image_is_built_pushed_fetched_by_digest_and_answers()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await BuildStory.StartAsync(postgres, "builds");
        var before = story.Stored();
        (await story.World.Apply(story.Model("built-plain", "") + BuildStory.Deployment("plain", "built-plain"))).ExpectOk();
        var building = await story.World.Status("plain", status => (string?)status["phase"] == "building");
        Assert.StartsWith("Its image is ", (string?)building!["message"], StringComparison.Ordinal);
        var (_, refusal) = await Eventually.Holds(() => story.World.Ask("built-plain"), answer => answer.Status == HttpStatusCode.ServiceUnavailable);
        Assert.Contains("phase: ", refusal, StringComparison.Ordinal);
        var status = (await story.World.Running("plain"))!;
        var pushed = story.Stored() - before;

        var build = Assert.Single(await story.Builds());
        Assert.Equal(("done", 1, "built-plain"), ((string?)build["state"], (int?)build["attempt"], (string?)build["model"]));
        Assert.Equal($"{story.Registry.Address}/{Images.Leftovers.Mine}/default/built-plain@{build["digest"]}", (string?)build["image"]);
        Assert.Equal((string?)build["digest"], (string?)status["digest"]);
        Assert.StartsWith("sha256:", (string?)Assert.Single(build["bases"]!.AsArray())!["digest"], StringComparison.Ordinal);
        Assert.Equal(["building", "pushing"], build["timings"]!.AsObject().Select(phase => phase.Key).Order(StringComparer.Ordinal));
        Assert.Contains("building", status["timings"]!.AsObject().Select(phase => phase.Key));
        await Eventually.Holds(() => story.World.Ask("built-plain"), answer => answer.Status == HttpStatusCode.OK);
        await story.Story.AskWithOpenAi("built-plain");

        // What only configures its base is a few kilobytes over it.
        output.WriteLine($"Pushed over the base: {pushed} bytes; built in {build["timings"]!["building"]} s, pushed in {build["timings"]!["pushing"]} s.");
        Assert.InRange(pushed, 1, 64 << 10);

        var log = await story.Log((string)build["id"]!);
        Assert.Contains("STEP 1/8: FROM", log, StringComparison.Ordinal);
        Assert.DoesNotContain(RegistryServer.Password, log, StringComparison.Ordinal);
        Assert.Empty(story.Files());

        // The same again is not built again: not for another deployment, not for another replica, not for a restart.
        (await story.World.Apply(BuildStory.Deployment("again", "built-plain"))).ExpectOk();
        await story.World.Running("again");
        await story.World.Catalogue.Post("/deployments/plain/restart", "");
        await story.World.Status("plain", now => (int?)now["revision"] == 2);
        Assert.Single(await story.Builds());
        await story.Story.Delete("plain");
        await story.Story.Delete("again");
    }

    [Fact]
    public async Task Files_are_copied_a_step_that_fails_is_named_and_what_is_mended_goes_on()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await BuildStory.StartAsync(postgres, "files");
        const string Files = "files: { app/start.sh: \"#!/bin/sh\\necho started\\n\", note.txt: Hello }";
        (await story.World.Apply(story.Model("built-files", "COPY app/ /app/\nCOPY note.txt /note\nRUN /app/start.sh && cat /note && exit 7", Files) + BuildStory.Deployment("files", "built-files"))).ExpectOk();
        var failed = await story.World.Status("files", status => (string?)status["phase"] == "error");
        Assert.Matches(
            @"^Its image could not be built: In step 5 of 11: RUN /app/start\.sh && cat /note && exit 7: it ended with 7\. It last said: Hello GET /builds/\S+/log has all that was said; POST /builds/\S+/retry tries again\.$",
            (string?)failed!["message"]);
        Assert.Equal("BuildFailed", (string?)failed["conditions"]![0]!["reason"]);
        var build = Assert.Single(await story.Builds());
        Assert.Equal(("failed", "StepFailed", 1), ((string?)build["state"], (string?)build["reason"], (int?)build["attempt"]));
        Assert.Contains("started", await story.Log((string)build["id"]!), StringComparison.Ordinal);

        (await story.World.Apply(story.Model("built-files", "COPY app/ /app/\nCOPY note.txt /note\nRUN /app/start.sh && cat /note", Files))).ExpectOk();
        (await story.World.Catalogue.Post("/deployments/files/restart", "")).Expect(HttpStatusCode.Accepted);
        await story.World.Running("files");
        Assert.Equal(["done", "failed"], (await story.Builds()).Select(one => (string?)one["state"]));
        await story.Story.Delete("files");
        Assert.Empty(await story.WorkingContainers());
    }

    [Fact]
    public async Task A_build_is_cancelled_in_the_middle_of_a_step_with_nothing_left_over_and_tried_again()
    {
        Assert.SkipWhen(image.Missing is not null, image.Missing ?? "");
        await using var story = await BuildStory.StartAsync(postgres, "cancel");
        (await story.World.Apply(story.Model("built-slow", "RUN echo begun && sleep 600"))).ExpectOk();
        var id = (string)(await story.Ask("built-slow")).Expect(HttpStatusCode.Accepted).Json["id"]!;
        await Eventually.Holds(() => story.Log(id), log => log.Contains("begun", StringComparison.Ordinal));
        Assert.Equal("Step 3 of 9: RUN echo begun && sleep 600", (string?)(await story.Build(id, build => build["progress"] is not null && ((string)build["progress"]!).Contains("RUN", StringComparison.Ordinal)))["progress"]);
        (await story.World.Catalogue.Post($"/builds/{id}/cancel", "")).Expect(HttpStatusCode.Accepted);
        var cancelled = await story.Build(id, build => (string?)build["state"] == "cancelled");
        Assert.StartsWith("It was cancelled by ", (string?)cancelled["message"], StringComparison.Ordinal);
        Assert.Empty(story.Files());
        Assert.Empty(await story.WorkingContainers());
        (await story.World.Catalogue.Post($"/builds/{id}/cancel", "")).Expect(HttpStatusCode.Conflict);

        var again = (string)(await story.World.Catalogue.Post($"/builds/{id}/retry", "")).Expect(HttpStatusCode.Accepted).Json["id"]!;
        Assert.NotEqual(id, again);
        await story.Build(again, build => (string?)build["state"] == "building");
        (await story.World.Catalogue.Post($"/builds/{again}/cancel", "")).Expect(HttpStatusCode.Accepted);
        await story.Build(again, build => (string?)build["state"] == "cancelled");
    }
}
