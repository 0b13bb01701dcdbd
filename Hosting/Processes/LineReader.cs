using System.Text;

namespace Aspire.Hosting;

/// <summary>Cuts a stream into lines; one that never ends is cut at 64 Ki characters.</summary>
internal static class LineReader
{
    private const int MaxLength = 64 * 1024;

    public static async Task ReadAsync(TextReader reader, Action<string> onLine, CancellationToken cancellationToken)
    {
        var buffer = new char[4096];
        var line = new StringBuilder();
        while (true)
        {
            var read = await reader.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                break;
            }

            foreach (var letter in buffer.AsSpan(0, read))
            {
                if (letter == '\n' || line.Length == MaxLength)
                {
                    onLine(line.ToString().TrimEnd('\r'));
                    line.Clear();
                }

                if (letter != '\n')
                {
                    line.Append(letter);
                }
            }
        }

        if (line.Length > 0)
        {
            onLine(line.ToString());
        }
    }
}
