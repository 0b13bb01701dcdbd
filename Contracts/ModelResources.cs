using System.Text.RegularExpressions;

namespace Orrery.Contracts;

/// <summary>What a replica asks of its node, as Kubernetes writes it.</summary>
public sealed partial record ModelResources
{
    /// <summary><c>4000m</c> or <c>4</c>.</summary>
    public string? Cpu { get; init; }

    public ByteSize? Memory { get; init; }

    public int? Gpu { get; init; }

    public ByteSize? Disk { get; init; }

    public void Validate(FieldErrors errors, string path)
    {
        if (Cpu is not null && !CpuForm.IsMatch(Cpu))
        {
            errors.Add($"{path}.cpu", Cpu, "cores such as 4, 0.5 or 4000m");
        }

        if (Gpu is < 0)
        {
            errors.Add($"{path}.gpu", $"{Gpu}", "a number of GPUs, 0 for none");
        }
    }

    [GeneratedRegex(@"^[0-9]{1,6}(m|\.[0-9]{1,3})?\z")]
    private static partial Regex CpuForm { get; }
}
