using System.Net;
using System.Text.Encodings.Web;
using System.Web;
using Orrery.Contracts;

namespace Orrery.AppHost;

/// <summary>Hides every secret of the graph wherever its value occurs: in variables, addresses, command lines, output.</summary>
/// <remarks>By value, because Aspire does not say which variables hold a secret, and because a service may print what it was given.</remarks>
internal sealed class SecretMask
{
    /// <summary>A shorter secret is hidden where it is the whole text: within longer ones it would hide ordinary words.</summary>
    private const int LeastWithin = 5;

    private readonly string[] _more;
    private readonly ParameterResource[] _parameters;
    private readonly Task<string?>[] _values;
    private string[]? _known;

    /// <param name="model">Its secret parameters are hidden as soon as each has a value.</param>
    /// <param name="more">Secrets that are no parameters.</param>
    public SecretMask(DistributedApplicationModel model, IEnumerable<string> more)
    {
        _more = [.. more];
        _parameters = [.. model.Resources.OfType<ParameterResource>().Where(parameter => parameter.Secret)];
        _values = [.. _parameters.Select(ValueOf)];
    }

    public string Hide(string text)
    {
        foreach (var secret in Known())
        {
            text = text == secret ? RunningResource.Mask : secret.Length < LeastWithin ? text : text.Replace(secret, RunningResource.Mask, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Each value in all its forms, the longest first, so that no part of one stays. A parameter that nobody has set yet has nothing to hide.</summary>
    private string[] Known()
    {
        if (_known is { } known)
        {
            return known;
        }

        for (var i = 0; i < _values.Length; i++)
        {
            if (_values[i].IsFaulted)
            {
                _values[i] = ValueOf(_parameters[i]); // It may have been set since.
            }
        }

        var isAll = Array.TrueForAll(_values, value => value.IsCompletedSuccessfully); // Before they are read: one may come meanwhile.
        known =
        [
            .. _more.Concat(_values.Where(value => value.IsCompletedSuccessfully).Select(value => value.Result)).Where(value => !string.IsNullOrEmpty(value))
                .SelectMany(value => FormsOf(value!)).Distinct().OrderByDescending(value => value.Length),
        ];
        if (isAll)
        {
            _known = known;
        }

        return known;
    }

    /// <summary>As it is, and as it stands in URLs and in JSON.</summary>
    private static string[] FormsOf(string value) =>
    [
        value, Uri.EscapeDataString(value), WebUtility.UrlEncode(value), HttpUtility.UrlEncode(value),
        JavaScriptEncoder.Default.Encode(value), JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value),
    ];

    /// <summary>Fails in its task where there is no value.</summary>
    private static async Task<string?> ValueOf(ParameterResource parameter) => await parameter.GetValueAsync(CancellationToken.None);
}
