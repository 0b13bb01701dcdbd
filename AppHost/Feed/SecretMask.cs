using Orrery.Contracts;

namespace Orrery.AppHost;

/// <summary>Hides every secret of the graph wherever its value occurs: in variables, addresses, command lines, output.</summary>
/// <remarks>By value, because Aspire does not say which variables hold a secret, and because a service may print what it was given.</remarks>
internal sealed class SecretMask
{
    /// <summary>A shorter secret is hidden where it is the whole text: within longer ones it would hide ordinary words.</summary>
    private const int LeastWithin = 5;

    private readonly List<Task<string?>> _secrets;
    private string[]? _known;

    /// <param name="model">Its secret parameters are hidden as soon as each has a value.</param>
    /// <param name="more">Secrets that are no parameters.</param>
    public SecretMask(DistributedApplicationModel model, IEnumerable<string> more) => _secrets =
    [
        .. more.Select(Task.FromResult<string?>),
        .. model.Resources.OfType<ParameterResource>().Where(parameter => parameter.Secret).Select(parameter => parameter.GetValueAsync(CancellationToken.None).AsTask()),
    ];

    public string Hide(string text)
    {
        foreach (var secret in Known())
        {
            text = text == secret ? RunningResource.Mask : secret.Length < LeastWithin ? text : text.Replace(secret, RunningResource.Mask, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Each value as it is and as it stands in a URL, the longest first, so that no part of one stays. A parameter that nobody has set yet has nothing to hide.</summary>
    private string[] Known()
    {
        if (_known is { } known)
        {
            return known;
        }

        known =
        [
            .. _secrets.Where(secret => secret.IsCompletedSuccessfully).Select(secret => secret.Result).Where(value => !string.IsNullOrEmpty(value))
                .SelectMany(value => new[] { value!, Uri.EscapeDataString(value!) }).Distinct().OrderByDescending(value => value.Length),
        ];
        if (_secrets.TrueForAll(secret => secret.IsCompleted))
        {
            _known = known;
        }

        return known;
    }
}
