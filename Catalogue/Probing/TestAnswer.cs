using System.Text.Json.Serialization;

namespace Orrery.Catalogue.Probing;

/// <summary>How the way to a provider was found, step by step, for each of its endpoints.</summary>
/// <param name="Ok">No step failed.</param>
internal sealed record TestAnswer(bool Ok, IReadOnlyList<TestStep> Steps);

/// <param name="Name">One of <see cref="TestSteps"/>.</param>
/// <param name="Endpoint">Host and port.</param>
/// <param name="State">One of <see cref="TestStates"/>.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Found">What was there.</param>
internal sealed record TestStep([property: JsonPropertyName("step")] string Name, string Endpoint, string State, double Milliseconds, string Found)
{
    /// <summary>Why it failed, in a word: <see cref="TestCauses"/> and <see cref="Contracts.EgressCauses"/>.</summary>
    public string? Cause { get; init; }

    /// <summary>What to do about it.</summary>
    public string? Remedy { get; init; }

    /// <summary>The declared models, each served or not.</summary>
    public IReadOnlyList<TestedModel>? Models { get; init; }

    /// <summary>What the server says that it serves; the first hundred.</summary>
    public IReadOnlyList<string>? Served { get; init; }
}

/// <param name="Near">Served ids that may be meant, where it is not found.</param>
internal sealed record TestedModel(string Id, string UpstreamId, bool Found, IReadOnlyList<string>? Near);

/// <summary>The steps, in their order.</summary>
internal static class TestSteps
{
    public const string Url = "url";
    public const string Proxy = "proxy";
    public const string Dns = "dns";
    public const string Tcp = "tcp";
    public const string Tls = "tls";
    public const string Authentication = "authentication";
    public const string Models = "models";
    public const string Request = "request";
}

internal static class TestStates
{
    public const string Passed = "passed";
    public const string Failed = "failed";

    /// <summary>Not done, or nothing can be said: <see cref="TestStep.Found"/> says why.</summary>
    public const string Skipped = "skipped";
}

/// <summary>What goes wrong once the connection stands.</summary>
internal static class TestCauses
{
    public const string AnswerTimeout = "answer_timeout";
    public const string ConnectionClosed = "connection_closed";
    public const string HttpToTlsPort = "http_to_tls_port";
    public const string TlsToHttpPort = "tls_to_http_port";
    public const string AuthenticationRefused = "authentication_refused";
    public const string WrongPath = "wrong_path";
    public const string Redirected = "redirected";
    public const string NotCompatible = "not_openai_compatible";
    public const string ModelNotFound = "model_not_found";
    public const string Throttled = "throttled";
    public const string ServerError = "server_error";
    public const string RequestRefused = "request_refused";
    public const string TransformFailed = "transform_failed";
}

/// <summary>Why a step failed.</summary>
internal sealed class StepFailure(string cause, string found, string remedy) : Exception(found)
{
    public string Cause { get; } = cause;

    public string Remedy { get; } = remedy;

    /// <summary>What is shown beside the words.</summary>
    public Finding? Shown { get; init; }
}
