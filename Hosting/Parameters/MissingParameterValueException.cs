
namespace Aspire.Hosting;

/// <summary>A parameter has no value. The message names the variable in both spellings.</summary>
public class MissingParameterValueException(string message) : DistributedApplicationException(message)
{
    internal static MissingParameterValueException For(string name, string configurationKey)
    {
        var variable = configurationKey.Replace(":", "__", StringComparison.Ordinal);
        var underscored = variable.Replace('-', '_');
        var spellings = variable == underscored ? variable : $"{underscored} (or {variable})";
        return new($"Parameter '{name}' has no value: set the environment variable {spellings}, or '{configurationKey}' in the AppHost's configuration.");
    }
}
