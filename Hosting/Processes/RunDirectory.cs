using System.Globalization;
using System.Security.Cryptography;

namespace Aspire.Hosting;

/// <summary>What a run leaves on disk while it lasts: who its host and reaper are, which children it has, data that ends with it.</summary>
internal sealed class RunDirectory
{
    private RunDirectory(string path, string id)
    {
        Path = path;
        Id = id;
    }

    public string Path { get; }

    /// <summary>Unique to this run; the label of its containers and the mark in its processes' environment.</summary>
    public string Id { get; }

    public static RunDirectory Create(StateDirectory state)
    {
        state.Ensure();
        StateDirectory.Ensure(state.Runs);
        var id = RandomNumberGenerator.GetHexString(12, lowercase: true);
        var path = System.IO.Path.Combine(state.Runs, id);

        // Renamed once it names its host: a directory without a living host is swept by whoever finds it.
        StateDirectory.Ensure(path + ".new");
        var host = Environment.ProcessId;
        File.WriteAllText(System.IO.Path.Combine(path + ".new", "host"), string.Create(CultureInfo.InvariantCulture, $"{host} {ProcessTable.StartOf(host)}\n"));
        Directory.Move(path + ".new", path);
        return new RunDirectory(path, id);
    }
}
