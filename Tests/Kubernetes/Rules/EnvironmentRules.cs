using System.Text.RegularExpressions;

namespace Orrery.Tests.Kubernetes;

/// <summary>Environment variables, and <c>$(NAME)</c> where Kubernetes expands it.</summary>
internal static partial class EnvironmentRules
{
    private static readonly string[] Sources = ["configMapKeyRef", "fieldRef", "resourceFieldRef", "secretKeyRef"];

    public static IEnumerable<Finding> Check(Chart chart) =>
        from workload in chart.Workloads
        from container in workload.AllContainers
        from finding in (IEnumerable<Finding>)[.. Entries(workload, container), .. Sets(chart, workload, container), .. References(chart, workload, container)]
        select finding;

    private static IEnumerable<Finding> Entries(Workload workload, Field container)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var variable in container["env"].Items)
        {
            var name = variable["name"];
            if (!Formats.IsEnvironmentName(name.Text ?? ""))
            {
                yield return workload.Find(name, "a variable's name: letters, digits, _, - and ., no digit first");
            }
            else if (!seen.Add(name.Text!))
            {
                yield return workload.Find(name, "a name that no other entry of env has");
            }

            if (variable["value"].Exists && variable["valueFrom"].Exists)
            {
                yield return workload.Find(variable["valueFrom"], "value or valueFrom, not both");
            }

            if (variable["valueFrom"].Exists && Sources.Count(source => variable["valueFrom"][source].Exists) != 1)
            {
                yield return workload.Find(variable["valueFrom"], $"exactly one of {string.Join(", ", Sources)}");
            }
        }
    }

    private static IEnumerable<Finding> Sets(Chart chart, Workload workload, Field container)
    {
        foreach (var source in container["envFrom"].Items)
        {
            if (source["configMapRef"].Exists == source["secretRef"].Exists)
            {
                yield return workload.Find(source, "either configMapRef or secretRef");
            }

            if (source["prefix"].Text is { Length: > 0 } prefix && !Formats.IsEnvironmentName(prefix))
            {
                yield return workload.Find(source["prefix"], "the beginning of a variable's name");
            }

            if (Target(chart, workload, source) is { } target)
            {
                foreach (var finding in Data.Entries(target).SelectMany(entry => FromSet(chart, workload, container, target, entry.Name, entry.Value)))
                {
                    yield return finding;
                }
            }
        }
    }

    private static IEnumerable<Finding> FromSet(Chart chart, Workload workload, Field container, Document target, string key, Field value)
    {
        if (!Formats.IsEnvironmentName(key))
        {
            yield return target.Find(value, $"a key that can name a variable, since {workload.Id} takes all of them as its environment");
        }

        var (known, _) = FromSets(chart, workload, container);
        foreach (var name in Names(value).Where(name => known.Contains(name) || container["env"].Items.Any(variable => variable["name"].Text == name)))
        {
            yield return target.Find(value, $"no $({name}): Kubernetes expands it in env and args, not in what envFrom brings");
        }
    }

    private static IEnumerable<Finding> References(Chart chart, Workload workload, Field container)
    {
        var (known, complete) = FromSets(chart, workload, container);
        if (!complete)
        {
            // Some keys come from an object that somebody else creates: any name may be among them.
            yield break;
        }

        foreach (var variable in container["env"].Items)
        {
            foreach (var name in Names(variable["value"]).Where(name => !known.Contains(name)))
            {
                yield return workload.Find(variable["value"], $"a variable {name} that is defined before this one");
            }

            known.Add(variable["name"].Text ?? "");
        }

        var isShell = container["command"].Items.Concat(container["args"].Items).Any(word => word.Text is "-c" or "-ec" or "-lc");
        foreach (var word in container["command"].Items.Concat(container["args"].Items))
        {
            // A shell's own $(date) looks like a reference; variables have a capital or an underscore somewhere.
            foreach (var name in Names(word).Where(name => !known.Contains(name) && !(isShell && name.All(char.IsAsciiLetterLower))))
            {
                yield return workload.Find(word, $"a variable {name} in this container's environment");
            }
        }
    }

    /// <summary>The variables that envFrom brings, and whether all of them are known.</summary>
    private static (HashSet<string> Names, bool Complete) FromSets(Chart chart, Workload workload, Field container)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var complete = true;
        foreach (var source in container["envFrom"].Items)
        {
            var target = Target(chart, workload, source);
            complete &= target is not null;
            names.UnionWith(target is null ? [] : Data.Entries(target).Select(entry => source["prefix"].Text + entry.Name));
        }

        return (names, complete);
    }

    private static Document? Target(Chart chart, Workload workload, Field source) =>
        chart.Find(workload.Document, "ConfigMap", source["configMapRef"]["name"].Text) ?? chart.Find(workload.Document, "Secret", source["secretRef"]["name"].Text);

    private static IEnumerable<string> Names(Field value) => Reference().Matches(value.Text ?? "").Select(match => match.Groups["name"].Value).Where(name => name.Length > 0);

    // $$ is an escaped dollar, so that $$(NAME) is no reference.
    [GeneratedRegex(@"\$\$|\$\((?<name>[-._a-zA-Z][-._a-zA-Z0-9]*)\)")]
    private static partial Regex Reference();
}
