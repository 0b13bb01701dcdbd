using Microsoft.Extensions.Options;

namespace Orrery.Gateway.Storage;

/// <summary>The section <c>Gateway:Storage</c>: what is kept in PostgreSQL, where there is one (<c>ConnectionStrings:orrery</c>).</summary>
internal sealed class StorageOptions
{
    public const string Section = "Gateway:Storage";

    /// <summary>How long a response can be read and gone on from. 1 min to 400 d. Default 30 d.</summary>
    public TimeSpan KeepResponses { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Whether a response is stored whose request does not say <c>store</c>, as OpenAI's API does. Default true.</summary>
    public bool StoreByDefault { get; set; } = true;

    /// <summary>Earlier responses that one goes on from, at most: 1 to 10,000. Default 1,000.</summary>
    public int MaxTurns { get; set; } = 1_000;

    /// <summary>Requests that run without their clients at once, each gateway: 1 to 10,000. Default 100.</summary>
    public int MaxRuns { get; set; } = 100;

    /// <summary>For how long a gateway that says nothing still has its runs; then others take them. 2 s to 10 min. Default 15 s.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>After what time a gateway that has not used its database looks for what others have left there. 1 s to 1 d. Default 1 h.</summary>
    public TimeSpan FirstLook { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often what has expired is taken away; nobody can read it before. 1 s to 1 d. Default 10 min.</summary>
    public TimeSpan SweepEvery { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Names the configuration key, the value and what was expected.</summary>
    internal sealed class Validator : IValidateOptions<StorageOptions>
    {
        public ValidateOptionsResult Validate(string? name, StorageOptions options)
        {
            var faults = new List<string>();
            Within(nameof(KeepResponses), options.KeepResponses, TimeSpan.FromMinutes(1), TimeSpan.FromDays(400));
            Within(nameof(Lease), options.Lease, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(10));
            Within(nameof(SweepEvery), options.SweepEvery, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
            Within(nameof(FirstLook), options.FirstLook, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
            Within(nameof(MaxTurns), options.MaxTurns, 1, 10_000);
            Within(nameof(MaxRuns), options.MaxRuns, 1, 10_000);
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

            void Within<T>(string key, T value, T least, T most)
                where T : IComparable<T>
            {
                if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
                {
                    faults.Add($"{Section}:{key} is {value}; expected {least} to {most}.");
                }
            }
        }
    }
}
