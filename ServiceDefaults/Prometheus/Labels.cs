using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OpenTelemetry.Metrics;

namespace Orrery.ServiceDefaults.Prometheus;

/// <summary>The labels of one point, as bytes without braces. One object is used again and again by one thread.</summary>
internal sealed class Labels
{
    private static readonly SearchValues<char> ToEscape = SearchValues.Create("\\\"\n");
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly List<(string Label, string Attribute, string Value)> _labels = [];
    private readonly ArrayBufferWriter<byte> _text = new(512);

    /// <summary>The labels of <paramref name="point"/> and of the scope that it stands in. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Of(Metric metric, in MetricPoint point)
    {
        _labels.Clear();
        Add("otel_scope_name", metric.MeterName);
        if (!string.IsNullOrEmpty(metric.MeterVersion))
        {
            Add("otel_scope_version", metric.MeterVersion);
        }

        if (metric.MeterTags is { } scope)
        {
            foreach (var (key, value) in scope)
            {
                Add($"otel_scope_{key}", value);
            }
        }

        foreach (var (key, value) in point.Tags)
        {
            // A histogram's own label stays its own.
            Add(metric.MetricType == MetricType.Histogram && key == "le" ? "exported_le" : key, value);
        }

        return Written();
    }

    public ReadOnlySpan<byte> Of(IEnumerable<KeyValuePair<string, object>> attributes)
    {
        _labels.Clear();
        foreach (var (key, value) in attributes)
        {
            Add(key, value);
        }

        return Written();
    }

    /// <summary>A label's value between its quotes: backslash, quote and line feed are escaped, nothing else.</summary>
    public static string Escaped(string value) =>
        value.AsSpan().ContainsAny(ToEscape)
            ? value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)
            : value;

    /// <summary>An attribute's value as text, as OpenTelemetry writes it: booleans small, lists as JSON.</summary>
    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable list => JsonSerializer.Serialize(list.Cast<object?>()),
        _ => value.ToString() ?? "",
    };

    private void Add(string attribute, object? value)
    {
        // Attributes' keys are written in code: there are few, and the same come again.
        if (!_names.TryGetValue(attribute, out var label))
        {
            label = Names.Label(attribute);
            _names.Add(attribute, label);
        }

        _labels.Add((label, attribute, Text(value)));
    }

    private ReadOnlySpan<byte> Written()
    {
        _text.ResetWrittenCount();
        for (var i = 0; i < _labels.Count; i++)
        {
            var label = _labels[i].Label;
            if (IndexOf(label, 0) < i)
            {
                continue;
            }

            if (_text.WrittenCount > 0)
            {
                _text.Write(","u8);
            }

            Encoding.UTF8.GetBytes(label, _text);
            _text.Write("=\""u8);
            Encoding.UTF8.GetBytes(Escaped(IndexOf(label, i + 1) < 0 ? _labels[i].Value : Shared(label)), _text);
            _text.Write("\""u8);
        }

        return _text.WrittenSpan;
    }

    private int IndexOf(string label, int from)
    {
        for (var i = from; i < _labels.Count; i++)
        {
            if (_labels[i].Label == label)
            {
                return i;
            }
        }

        return -1;
    }

    // Attributes whose names become the same share the label, in the order of their own names.
    private string Shared(string label) =>
        string.Join(';', _labels.Where(one => one.Label == label).OrderBy(one => one.Attribute, StringComparer.Ordinal).Select(one => one.Value));
}
