using System.Globalization;
using Orrery.Contracts;

namespace Orrery.Builder.Targets;

/// <summary>What one replica has been promised, used or not.</summary>
internal sealed record Promise(DeploymentKey Key, double Cores, long Memory);

/// <summary>Cores and memory of a machine that nobody but us hands out. What was declared (<c>spec.resources</c>) is promised; what replicas have without that are limits, of which nobody has been sure.</summary>
/// <param name="Overcommit">So many times what is there may be promised; 0: nothing is counted.</param>
internal sealed record Room(double Cores, long Memory, double Overcommit, string OvercommitKey, IReadOnlyList<Promise> Promises)
{
    public const string Lacking = "NoRoom";

    /// <summary>Why so many replicas have no place; <c>null</c>: they have.</summary>
    /// <param name="asked">What one of them declares.</param>
    public string? Lacks(DeploymentKey key, ModelResources? asked, int replicas)
    {
        if (asked is null || replicas == 0 || Overcommit == 0)
        {
            return null;
        }

        var (cores, memory) = (Quantities.Cores(asked.Cpu), asked.Memory?.Bytes ?? 0);
        if (memory > 0 && ((double)memory * replicas) + Promises.Sum(promise => promise.Memory) > Memory * Overcommit)
        {
            return Told(key, Times(replicas, Size(memory)) + " of memory", Size(Memory), promise => promise.Memory, sum => Size((long)sum), "memory");
        }

        // What a double cannot say exactly is no lack.
        return cores > 0 && (cores * replicas) + Promises.Sum(promise => promise.Cores) > (Cores * Overcommit) + 1e-9
            ? Told(key, $"{Times(replicas, Number(cores))} {(cores == 1 && replicas == 1 ? "core" : "cores")}", Number(Cores), promise => promise.Cores, Number, "cpu")
            : null;
    }

    private string Told(DeploymentKey key, string asked, string there, Func<Promise, double> of, Func<double, string> shown, string field)
    {
        var promised = Promises.Where(promise => of(promise) > 0)
            .GroupBy(promise => promise.Key.Uid == key.Uid ? "its other replicas" : promise.Key.Namespace == key.Namespace ? $"'{promise.Key.Name}'" : "other namespaces", StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (Whose: group.Key, Sum: group.Sum(of)))
            .ToList();
        var taken = promised.Count == 0 ? "" : $", of which {string.Join(" and ", promised.Select(one => $"{shown(one.Sum)} {(shown(one.Sum) == "1" ? "is" : "are")} promised to {one.Whose}"))}";
        var all = Overcommit == 1 ? "" : $" (it may be promised {Number(Overcommit)} times)";
        var free = promised.Count == 0 ? "" : promised is [{ Whose: "its other replicas" }] ? ", let those end first (spec.rollout.strategy: recreate)" : ", end what has it";
        return $"It asks for {asked}; this machine has {there}{all}{taken}. Lower spec.resources.{field}{free}, or raise {OvercommitKey}.";
    }

    private static string Times(int replicas, string one) => replicas == 1 ? one : string.Create(CultureInfo.InvariantCulture, $"{replicas} x {one}");

    private static string Number(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Size(long bytes) => bytes >= 1_000_000_000
        ? (bytes / 1e9).ToString("0.#", CultureInfo.InvariantCulture) + " GB"
        : (bytes / 1e6).ToString("0.#", CultureInfo.InvariantCulture) + " MB";
}

/// <summary>Cores as documents write them.</summary>
internal static class Quantities
{
    /// <summary><c>4</c>, <c>0.5</c>, <c>4000m</c>; nothing is 0.</summary>
    public static double Cores(string? text) => text switch
    {
        null => 0,
        [.. var thousandths, 'm'] => double.Parse(thousandths, CultureInfo.InvariantCulture) / 1_000,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };
}
