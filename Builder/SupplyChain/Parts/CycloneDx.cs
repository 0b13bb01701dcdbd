using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Orrery.ServiceDefaults.Registries;

namespace Orrery.Builder.SupplyChain.Parts;

/// <summary>Writes an image's parts as CycloneDX 1.6: the same parts of the same image are the same document, to the byte.</summary>
internal static class CycloneDx
{
    public const string MediaType = "application/vnd.cyclonedx+json";

    /// <summary>Raised when the same parts are written otherwise.</summary>
    private const string Writer = "1";

    private static readonly string ToolVersion = typeof(CycloneDx).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    public static byte[] Write(ImageReference name, string digest, ImageParts parts)
    {
        var system = parts.Files.Where(file => file.Distribution is not null).OrderBy(file => file.Path.StartsWith("etc/", StringComparison.Ordinal) ? 0 : 1).FirstOrDefault();
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            var image = PackageUrl.Of(name, digest);
            json.WriteStartObject();
            json.WriteString("bomFormat", "CycloneDX");
            json.WriteString("specVersion", "1.6");
            json.WriteString("serialNumber", $"urn:uuid:{Serial($"{Writer} {LayerFacts.CurrentVersion} {ToolVersion} {image}")}");
            json.WriteNumber("version", 1);
            WriteMetadata(json, name, digest, image, parts.NotRead);
            json.WriteStartArray("components");
            WriteSystem(json, system);
            WriteComponents(json, parts, system);
            json.WriteEndArray();
            if (parts.NotRead.Count > 0)
            {
                json.WriteStartArray("compositions");
                json.WriteStartObject();
                json.WriteString("aggregate", "incomplete");
                WriteStrings(json, "assemblies", [image]);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteMetadata(Utf8JsonWriter json, ImageReference name, string digest, string url, IReadOnlyList<string> notRead)
    {
        json.WriteStartObject("metadata");
        json.WriteStartObject("tools");
        json.WriteStartArray("components");
        json.WriteStartObject();
        json.WriteString("type", "application");
        json.WriteString("name", "orrery");
        json.WriteString("version", ToolVersion);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("component");
        json.WriteString("type", "container");
        json.WriteString("bom-ref", url);
        json.WriteString("name", $"{name.Registry}/{name.Repository}");
        json.WriteString("version", digest);
        json.WriteString("purl", url);
        json.WriteEndObject();
        if (notRead.Count > 0)
        {
            json.WriteStartArray("properties");
            foreach (var why in notRead)
            {
                WriteProperty(json, "orrery:not-read", why);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteSystem(Utf8JsonWriter json, FileFacts? system)
    {
        if (system is not null)
        {
            json.WriteStartObject();
            json.WriteString("type", "operating-system");
            json.WriteString("bom-ref", $"os:{system.Distribution}@{system.DistributionVersion}");
            json.WriteString("name", system.Distribution);
            if (system.DistributionVersion is { } version)
            {
                json.WriteString("version", version);
            }

            json.WriteEndObject();
        }
    }

    private static void WriteComponents(Utf8JsonWriter json, ImageParts parts, FileFacts? system)
    {
        var found = parts.Files.SelectMany(file => file.Packages.Select(package => (file.Path, Package: package, Url: PackageUrl.Of(package, system))))
            .GroupBy(found => found.Url, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal);
        foreach (var group in found)
        {
            var package = group.First().Package;
            json.WriteStartObject();
            json.WriteString("type", "library");
            json.WriteString("bom-ref", group.Key);
            json.WriteString("name", package.Name);
            json.WriteString("version", package.Version);
            WriteLicence(json, package.Licence);
            json.WriteString("purl", group.Key);
            json.WriteStartObject("evidence");
            json.WriteStartArray("occurrences");
            foreach (var path in group.Select(one => one.Path).Distinct().Order(StringComparer.Ordinal))
            {
                json.WriteStartObject();
                json.WriteString("location", "/" + path);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static void WriteLicence(Utf8JsonWriter json, string? licence)
    {
        if (licence is null)
        {
            return;
        }

        json.WriteStartArray("licenses");
        json.WriteStartObject();
        if (SpdxLicences.IsExpression(licence))
        {
            json.WriteString("expression", licence);
        }
        else
        {
            json.WriteStartObject("license");
            json.WriteString(SpdxLicences.IsKnown(licence) ? "id" : "name", licence);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteProperty(Utf8JsonWriter json, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    /// <summary>RFC 9562's version 8: what it is made of is the maker's affair.</summary>
    private static Guid Serial(string of)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(of))[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}

/// <summary>Names of packages that hold everywhere (<c>pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS</c>).</summary>
internal static class PackageUrl
{
    public static string Of(ImageReference name, string digest) =>
        $"pkg:oci/{Escaped(name.Repository[(name.Repository.LastIndexOf('/') + 1)..])}@{Escaped(digest)}?repository_url={Escaped($"{name.Registry}/{name.Repository}")}";

    /// <param name="system">The distribution that packages of a distribution are of; <c>null</c>: the image does not say.</param>
    public static string Of(Package package, FileFacts? system)
    {
        var version = Escaped(package.Version);
        switch (package.Type)
        {
            case "pypi":
                return $"pkg:pypi/{Escaped(package.Name.ToLowerInvariant().Replace('_', '-'))}@{version}";
            case "npm":
                return $"pkg:npm/{string.Join('/', package.Name.ToLowerInvariant().Split('/').Select(Escaped))}@{version}";
            default:
                var distribution = system?.Distribution ?? (package.Type == "apk" ? "alpine" : "debian");
                string?[] qualifiers =
                [
                    package.Architecture is { } architecture ? $"arch={Escaped(architecture)}" : null,
                    system is null ? null : $"distro={Escaped(system.DistributionVersion is { } number ? $"{distribution}-{number}" : distribution)}",
                    package.Source is { } source ? $"upstream={Escaped(source)}" : null,
                ];
                var written = string.Join('&', qualifiers.OfType<string>());
                return $"pkg:{package.Type}/{Escaped(distribution)}/{Escaped(package.Name)}@{version}{(written.Length > 0 ? "?" + written : "")}";
        }
    }

    private static string Escaped(string text) => Uri.EscapeDataString(text);
}

/// <summary>The commonest identifiers of SPDX: any other text is given as a name, which every reader takes.</summary>
internal static class SpdxLicences
{
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "0BSD", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-2.0", "Artistic-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0",
        "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "ISC", "LGPL-2.0-or-later", "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later",
        "MIT", "MIT-0", "MPL-2.0", "OFL-1.1", "OpenSSL", "PSF-2.0", "Python-2.0", "Unlicense", "Vim", "WTFPL", "X11", "Zlib", "curl",
    };

    public static bool IsKnown(string text) => Known.Contains(text);

    /// <summary>Several known ones, put together as SPDX says.</summary>
    public static bool IsExpression(string text) =>
        (text.Contains(" AND ", StringComparison.Ordinal) || text.Contains(" OR ", StringComparison.Ordinal))
        && !text.Contains('(', StringComparison.Ordinal)
        && text.Split([" AND ", " OR "], StringSplitOptions.None).All(IsKnown);
}
