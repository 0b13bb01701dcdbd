using System.Text.Json;
using Orrery.Contracts;
using Orrery.Contracts.Expressions;
using Orrery.Expressions;
using Orrery.Gateway.Intake;
using Orrery.Gateway.Tokens;

namespace Orrery.Gateway.Routing;

/// <summary>A request as expressions see it, and which of them failed on it. Made when the first is held against the request; what none asks for is never looked for.</summary>
internal sealed class RequestFacts(Exchange exchange) : IRoutedRequest, IDisposable
{
    /// <summary>Values of a body that is read as a whole; a body of more has none, because each takes memory that no budget knows of.</summary>
    private const int MostValues = 100_000;

    private Value? _headers;
    private Value? _tags;
    private Value? _body;
    private long? _inputTokens;
    private JsonDocument? _document;
    private List<ExpressionFault>? _faults;

    public string Model => exchange.Call.ModelName;

    public Value Models => RouteScope.Texts(exchange.Call.Models ?? []);

    public string Operation => exchange.Operation.Name;

    public string Path => exchange.Http.Request.Path.Value ?? "";

    public Value Headers => _headers ??= Value.Map(exchange.Http.Request.Headers
        .Where(header => !RequestHeaders.IsCredential(header.Key))
        .Select(header => KeyValuePair.Create(header.Key.ToLowerInvariant(), (Value)header.Value.ToString())));

    public Value Tags => _tags ??= RouteScope.Texts(
        exchange.Caller.Key.Tags.Concat(exchange.Caller.Team?.Tags ?? []).Concat(DeclaredRoute.TagsIn(exchange.Http.Request.Headers[OrreryHeaders.Tags].ToString())).Distinct(StringComparer.Ordinal));

    public long InputTokens => _inputTokens ??= exchange.Call.Form is not null
        ? 0
        : TokenEstimator.OfRequest(exchange.Call.Body.Span, TokenFamilies.Of(exchange.Call.ModelName), exchange.Call.MaxDepth).Likely;

    public Value Modalities => RouteScope.Texts(exchange.Call.Modalities.Names());

    public bool Stream => exchange.Call.Stream;

    public long? MaxTokens => exchange.Call.MaxTokens;

    public Value Body => _body ??= ReadBody();

    /// <summary>Who calls, as <c>key</c> and as <c>team</c>.</summary>
    public (Value Key, Value Team) Caller => (RouteScope.Key.Of(exchange.Caller.Key), RouteScope.Team.Of(exchange.Caller.Team ?? RouteScope.NoTeam));

    public Value Request => RouteScope.Request.Of(this);

    /// <summary>The expressions that gave no value, each once.</summary>
    public IReadOnlyList<ExpressionFault> Faults => _faults ?? [];

    public void Note(ExpressionFault fault)
    {
        _faults ??= [];
        if (!_faults.Exists(known => known.Route == fault.Route && known.Field == fault.Field))
        {
            _faults.Add(fault);
        }
    }

    public void Dispose() => _document?.Dispose();

    private Value ReadBody()
    {
        var call = exchange.Call;
        if (call.Form is not null || HoldsTooMuch(call))
        {
            return Value.Null;
        }

        _document = JsonDocument.Parse(call.Body, new JsonDocumentOptions { MaxDepth = call.MaxDepth });
        return Value.Json(_document.RootElement);
    }

    private static bool HoldsTooMuch(Call call)
    {
        const int LeastBytesOfValue = 2;
        if (call.Body.Length < MostValues * LeastBytesOfValue)
        {
            return false;
        }

        var values = 0;
        var reader = new Utf8JsonReader(call.Body.Span, new JsonReaderOptions { MaxDepth = call.MaxDepth });
        while (values <= MostValues && reader.Read())
        {
            values++;
        }

        return values > MostValues;
    }
}

/// <summary>An expression that gave no value for a request.</summary>
/// <param name="Route">The route that it stands in.</param>
/// <param name="Field">Where there: <c>match.expression</c>, <c>selection[1]</c>.</param>
internal sealed record ExpressionFault(string Route, string Field, EvaluationErrorKind Kind, string Message);
