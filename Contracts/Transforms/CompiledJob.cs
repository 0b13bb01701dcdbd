using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>How an operation's job is followed.</summary>
public sealed record CompiledJob(string Field, TimeSpan Interval, CompiledCall Status, Expression Done)
{
    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromMinutes(1);

    public Expression? Failed { get; init; }

    public CompiledCall? Result { get; init; }

    public CompiledCall? Cancel { get; init; }

    internal static CompiledJob? Compile(JobTransform job, string field, FieldErrors errors)
    {
        if (job.Interval is { } interval && (interval.Value < ShortestInterval || interval.Value > LongestInterval))
        {
            errors.Add(field + ".interval", $"{interval}", "100ms to 1m");
        }

        var done = ExpressionRules.Compile(job.Done, TransformScopes.Job, errors, field + ".done", ExpressionType.Bool);
        var failed = job.Failed is null ? null : ExpressionRules.Compile(job.Failed, TransformScopes.Job, errors, field + ".failed");
        var status = CompiledCall.Compile(job.Status, "GET", field + ".status", errors);
        var result = job.Result is null ? null : CompiledCall.Compile(job.Result, "GET", field + ".result", errors);
        var cancel = job.Cancel is null ? null : CompiledCall.Compile(job.Cancel, "POST", field + ".cancel", errors);
        return status is null || done is null ? null : new CompiledJob(field, job.Interval?.Value ?? UsualInterval, status, done) { Failed = failed, Result = result, Cancel = cancel };
    }
}

/// <summary>A further request of a job: either a path of ours or a URL of the server's.</summary>
public sealed record CompiledCall(string Field, string Method, PathTemplate? Path, Expression? Url)
{
    internal static CompiledCall? Compile(JobCall call, string method, string field, FieldErrors errors)
    {
        if (call.Method is { } own)
        {
            errors.RequireOneOf(field + ".method", own, TransformMethods.OfJobs);
        }

        if (call.Path is null == call.Url is null)
        {
            errors.Add(field, null, "either path or url");
            return null;
        }

        var path = call.Path is null ? null : PathTemplate.Compile(call.Path, TransformScopes.Job, keepsSlashes: false, errors, field + ".path");
        var url = call.Url is null ? null : ExpressionRules.Compile(call.Url, TransformScopes.Job, errors, field + ".url", ExpressionType.String);
        return path is null && url is null ? null : new CompiledCall(field, call.Method ?? method, path, url);
    }
}
