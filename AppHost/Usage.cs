namespace Orrery.AppHost;

/// <summary>What <c>--help</c> says.</summary>
internal static class Usage
{
    public const string Text =
        """
        Usage: dotnet run --project AppHost [-- ARGUMENTS]

        Without arguments: starts the graph on this machine (./run does the same and installs what is missing). Ctrl-C stops it.

          --operation publish --step publish --output-path FOLDER   writes the graph as a Helm chart        (docs/kubernetes.md)
          --publisher manifest --output-path FILE                   writes it as Aspire's manifest          (docs/kubernetes.md)
          --Parameters:NAME=VALUE                                   sets a parameter, for example gateway-port (docs/getting-started.md)
          --help                                                    this text

        Paths are relative to the AppHost's folder. Nothing is started and no secret is read when the graph is written.
        """;
}
