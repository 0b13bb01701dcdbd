using Orrery.Contracts;
using Orrery.Contracts.Transforms;
using Orrery.Expressions;
using Endpoint = Orrery.Gateway.Routing.Endpoint;

namespace Orrery.Gateway.Translation.Custom;

/// <summary>Where a model is asked for an operation, and with which headers: the same for each request.</summary>
internal sealed record CustomAddress(Uri? Url, IReadOnlyList<(string Name, string Value)> Headers, (string Field, string Text)? Fault = null)
{
    public static CustomAddress Make(Endpoint endpoint, string model, CompiledOperation operation, bool stream)
    {
        ReadOnlySpan<Value> variables = [model, stream];
        if (operation.Path.Evaluate(variables, out var fault) is not { } path)
        {
            return Wrong(operation.Field + ".request.path", fault!);
        }

        var headers = new List<(string, string)>();
        foreach (var (name, template) in operation.Headers)
        {
            var field = $"{operation.Field}.request.headers.{name}";
            if (template.Evaluate(variables, static value => value, out fault) is not { } value)
            {
                return Wrong(field, fault!);
            }

            if (RequestHeaders.CheckValue(value) is { } expected)
            {
                return Wrong(field, $"gives no value of a header; expected {expected}");
            }

            headers.Add((name, value));
        }

        return new CustomAddress(new Uri(endpoint.Url + path), headers);
    }

    private static CustomAddress Wrong(string field, string fault) => new(null, [], (field, $"fails: {fault}"));
}
