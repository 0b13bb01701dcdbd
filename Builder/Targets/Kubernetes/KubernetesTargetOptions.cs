using System.ComponentModel.DataAnnotations;
using Orrery.Contracts;

namespace Orrery.Builder.Targets.Kubernetes;

/// <summary>How the target <c>kubernetes</c> is set: the section <c>Builder:Kubernetes</c>.</summary>
internal sealed class KubernetesTargetOptions
{
    public const string Section = "Builder:Kubernetes";

    /// <summary>A kubeconfig, or several with the system's path separator between them. Absent: <c>KUBECONFIG</c>, the pod's account, <c>~/.kube/config</c>.</summary>
    public string? KubeConfig { get; set; }

    /// <summary>One of its contexts instead of the current one.</summary>
    public string? Context { get; set; }

    /// <summary>Tells this installation's objects from those of another in the same cluster.</summary>
    [Required]
    [RegularExpression("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    public string Installation { get; set; } = "orrery";

    /// <summary>Before an organisation's name; the result is the namespace that its models run in.</summary>
    [RegularExpression("^([a-z0-9][a-z0-9-]{0,39})?$")]
    public string NamespacePrefix { get; set; } = "orrery-";

    /// <summary>Whether namespaces that are missing are made; otherwise they have to be there, with the label <c>orrery.dev/namespace</c>.</summary>
    public bool CreateNamespaces { get; set; } = true;

    /// <summary>The cluster's domain, such as <c>cluster.local</c>. Absent: addresses end in <c>.svc</c>, which resolves inside of the cluster.</summary>
    public string? ClusterDomain { get; set; }

    /// <summary>Names of Secrets of the models' namespaces that images are pulled with.</summary>
    public IList<string> ImagePullSecrets { get; set; } = [];

    /// <summary>User and group of the model servers. 0: what the image says, which then has to be a number above 0.</summary>
    [Range(0, int.MaxValue)]
    public int RunAs { get; set; } = 10001;

    /// <summary>The group that the cache belongs to. 0: the cluster chooses, as OpenShift does.</summary>
    [Range(0, int.MaxValue)]
    public int FsGroup { get; set; } = 10001;

    /// <summary>Between the end of the drain and the kill.</summary>
    public TimeSpan TerminationMargin { get; set; } = TimeSpan.FromSeconds(30);

    public CacheOptions Cache { get; set; } = new();

    public NetworkOptions Network { get; set; } = new();

    /// <summary>The claim that holds the models of a namespace.</summary>
    internal sealed class CacheOptions
    {
        /// <summary>Absent: the cluster's default.</summary>
        public string? StorageClass { get; set; }

        /// <summary><c>ReadWriteMany</c>, or <c>ReadWriteOnce</c> where all models run on one node.</summary>
        [RegularExpression("^ReadWrite(Many|Once)$")]
        public string AccessMode { get; set; } = "ReadWriteMany";

        /// <summary>As Kubernetes writes it: <c>500Gi</c>.</summary>
        [RegularExpression("^[1-9][0-9]*(Mi|Gi|Ti|Pi|M|G|T|P)$")]
        public string Size { get; set; } = "500Gi";
    }

    /// <summary>Who may talk to the models, and whom they may talk to.</summary>
    internal sealed class NetworkOptions
    {
        /// <summary>Off where the cluster's administrators write the policies.</summary>
        public bool Policies { get; set; } = true;

        /// <summary>Those who may ask the models. Empty: the pods of gateway and builder in the Builder's own namespace.</summary>
        public IList<Client> Clients { get; set; } = [];

        /// <summary>Ports that names are resolved on; OpenShift's are 5353.</summary>
        public IList<int> DnsPorts { get; set; } = [53];

        /// <summary>Where weights come from, as CIDRs. Empty: every public address.</summary>
        public IList<string> Hub { get; set; } = [];

        public IList<int> HubPorts { get; set; } = [443];
    }

    internal sealed class Client
    {
        /// <summary>The namespace's name.</summary>
        public string Namespace { get; set; } = "";

        /// <summary>Labels of the pods; empty: all of the namespace.</summary>
        public IDictionary<string, string> Labels { get; set; } = new Dictionary<string, string>();
    }

    /// <summary>The namespace that an organisation's models run in.</summary>
    public string NamespaceOf(string organisation) => ShortNames.Fit(NamespacePrefix + organisation, 63);

    /// <summary>What is wrong; the names are the configuration's keys.</summary>
    public IEnumerable<string> Faults()
    {
        var results = new List<ValidationResult>();
        foreach (var (at, part) in new (string, object)[] { (Section, this), ($"{Section}:Cache", Cache), ($"{Section}:Network", Network) })
        {
            results.Clear();
            Validator.TryValidateObject(part, new ValidationContext(part), results, validateAllProperties: true);
            foreach (var result in results)
            {
                yield return $"{at}:{string.Join(',', result.MemberNames)}: {result.ErrorMessage}";
            }
        }

        if (TerminationMargin < TimeSpan.Zero || TerminationMargin > TimeSpan.FromHours(1))
        {
            yield return $"{Section}:TerminationMargin: '{TerminationMargin}'; expected 00:00:00 to 01:00:00.";
        }

        foreach (var cidr in Network.Hub.Where(cidr => !System.Net.IPNetwork.TryParse(cidr, out _)))
        {
            yield return $"{Section}:Network:Hub: '{cidr}'; expected a CIDR such as 10.1.2.3/32.";
        }

        foreach (var client in Network.Clients.Where(client => !FieldRules.IsName(client.Namespace)))
        {
            yield return $"{Section}:Network:Clients: namespace '{client.Namespace}'; expected {FieldRules.NameExpectation}.";
        }
    }
}
