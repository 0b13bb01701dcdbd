using System.Text.RegularExpressions;

namespace Orrery.Contracts;

/// <summary>What a replica asks of its node, as Kubernetes writes it.</summary>
public sealed partial record ModelResources
{
    /// <summary>Cores: <c>4</c>, <c>0.5</c> or <c>4000m</c>.</summary>
    public string? Cpu { get; init; }

    /// <summary><c>64Gi</c> or <c>64GB</c>; a number alone is bytes.</summary>
    public ByteSize? Memory { get; init; }

    public int? Gpu { get; init; }

    /// <summary><c>100Gi</c> or <c>100GB</c>; a number alone is bytes.</summary>
    public ByteSize? Disk { get; init; }

    /// <summary>Nothing runs in less: a number that was meant as gigabytes.</summary>
    private const long LeastBytes = 1 << 20;

    public void Validate(FieldErrors errors, string path)
    {
        if (Cpu is not null && (!CpuForm.IsMatch(Cpu) || !Cpu.Any(c => c is >= '1' and <= '9')))
        {
            errors.Add($"{path}.cpu", Cpu, "cores such as 4, 0.5 or 4000m");
        }

        RequireUnit(errors, $"{path}.memory", Memory);
        RequireUnit(errors, $"{path}.disk", Disk);
        if (Memory is { Bytes: 0 })
        {
            errors.Add($"{path}.memory", $"{Memory}", "1Mi or more", "Nothing would bound what it takes. Leave it out for what the model needs.");
        }

        if (Gpu is < 0)
        {
            errors.Add($"{path}.gpu", $"{Gpu}", "a number of GPUs, 0 for none");
        }
    }

    private static void RequireUnit(FieldErrors errors, string path, ByteSize? size)
    {
        if (size is { Bytes: > 0 and < LeastBytes } little)
        {
            errors.Add(path, $"{little}", "1Mi or more", $"A number without a unit is bytes, as in Kubernetes. Did you mean {little.Bytes}Gi?");
        }
    }

    [GeneratedRegex(@"^[0-9]{1,6}(m|\.[0-9]{1,3})?\z")]
    private static partial Regex CpuForm { get; }
}
