using Microsoft.Extensions.Options;
using Npgsql;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Storage;
using Orrery.Gateway.Translation.Clients;
using Orrery.Gateway.Translation.Videos;

namespace Orrery.Gateway.Sending.Videos;

/// <summary>Requests for videos to engines that answer with them, which takes minutes: their clients get the job at once, and the request goes on without them.</summary>
internal sealed class VideoRuns(
    IServiceProvider services, VideoStore store, VideoFiles files, RunStore runs, IOptions<GatewayOptions> gateway, IOptions<VideoOptions> options, TimeProvider time) : IRunKind
{
    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();

    private readonly TimeSpan _keep = options.Value.Keep;
    private RunHost? _host;

    public string Name => "videos";

    public Operation Operation => Operation.VideoGeneration;

    public IClientProtocol? Protocol => null;

    /// <remarks>These two know each other: found when first asked for.</remarks>
    private RunHost Host => _host ??= services.GetRequiredService<RunHost>();

    /// <summary>Whether the request may come to an engine that answers with the video.</summary>
    public static bool IsNeededFor(Exchange exchange) => exchange.Operation == Operation.VideoGeneration
        && exchange.Wanted.Any(wanted => wanted.Model.Plan.Candidates.Any(candidate =>
            (wanted.Provider is null || wanted.Provider == candidate.Provider.Name) && candidate.Provider.Spec.Videos?.AnswersWithVideo is true));

    /// <summary>Answers the client with the job, or with what stood in its way before an engine was asked.</summary>
    public async ValueTask<Refusal> AnswerAsync(Exchange exchange)
    {
        if (exchange.Call.Length > gateway.Value.MaxBodyBytes)
        {
            return IntakeRefusals.TooLarge(gateway.Value.MaxBodyBytes, "Gateway:MaxBodyBytes"); // It is kept in the database until the video is made.
        }

        var id = VideoState.NewId();
        if (!await files.IsWritableAsync(id))
        {
            return new Refusal(
                StatusCodes.Status503ServiceUnavailable, RefusalTypes.Unavailable, "storage_unavailable",
                $"The gateway cannot write to where it keeps videos ({VideoOptions.Section}:{nameof(VideoOptions.Directory)}).");
        }

        if (await Host.BeginAsync(exchange, Run.Of(exchange, this, id, await BodyOfAsync(exchange))) is { } refused)
        {
            return refused;
        }

        var response = exchange.Http.Response;
        response.ContentType = "application/json";
        await response.BodyWriter.WriteAsync(VideoWords.Video(VideoState.New(exchange, id, time.GetUtcNow(), _keep)), exchange.ClientLeft);
        return Refusal.Answered;
    }

    public Stream OpenAnswer(Run run, IHeaderDictionary headers) => new MemoryStream();

    public async ValueTask BeginAsync(Run run, Exchange exchange, NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await VideoStore.AddAsync(connection, VideoState.New(exchange, run.Id, time.GetUtcNow(), _keep) with { Status = VideoStatus.InProgress }, cancellationToken);

    public async ValueTask EndAsync(Run run, RunAnswer answer, CancellationToken cancellationToken)
    {
        if (run.Answer is MadeVideo { Video: var made } && answer.Status == StatusCodes.Status200OK)
        {
            if (!await store.UpdateAsync(made, cancellationToken) && await store.FindAsync(run.Namespace, run.Id, cancellationToken) is null)
            {
                files.Delete(run.Id); // The video was deleted while it was made.
            }
        }
        else if (await store.FindAsync(run.Namespace, run.Id, cancellationToken) is { } video)
        {
            var (code, message) = RunAnswers.ErrorOf(answer);
            await store.UpdateAsync(VideoState.Failed(video, code, message, time.GetUtcNow(), _keep), cancellationToken);
        }
    }

    public ValueTask<bool> MayBeginAgainAsync(Run run, CancellationToken cancellationToken) => new(true);

    /// <summary>Gives up what may be running for a video that is gone.</summary>
    public async ValueTask CancelAsync(StoredVideo video, CancellationToken cancellationToken)
    {
        await runs.RemoveAsync(video.Namespace, video.Id, cancellationToken);
        Host.Find(video.Namespace, video.Id)?.Cancel();
    }

    private static async ValueTask<byte[]> BodyOfAsync(Exchange exchange)
    {
        if (exchange.Call.Form is not { } form)
        {
            return exchange.Call.Body.ToArray();
        }

        var body = new MemoryStream((int)form.Length + LineEnd.Length);
        await form.CopyToAsync(body, 0, form.Length, exchange.ClientLeft);
        await body.WriteAsync(LineEnd, exchange.ClientLeft);
        return body.ToArray();
    }
}

/// <summary>What a run answers with that has come to its end: the video as it is to be stored.</summary>
internal sealed class MadeVideo(StoredVideo video) : MemoryStream
{
    public StoredVideo Video => video;
}
