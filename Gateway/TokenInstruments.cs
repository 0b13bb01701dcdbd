using System.Diagnostics;
using System.Diagnostics.Metrics;
using Orrery.Gateway.Translation;
using Orrery.ServiceDefaults;
using Attributes = Orrery.ServiceDefaults.GenAiNames.Attributes;

namespace Orrery.Gateway;

/// <summary>Tokens, in either generation of the conventions: one histogram told apart by type, or counters and histograms for each direction.</summary>
internal sealed class TokenInstruments
{
    private const string Unit = "{token}";
    private static readonly InstrumentAdvice<long> Buckets = new() { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864] };

    private readonly Histogram<long>? _usage;
    private readonly Direction? _input;
    private readonly Direction? _output;
    private readonly Counter<long>? _cached;

    public TokenInstruments(Meter meter, GenAiNames names)
    {
        if (names.TokensByDirection)
        {
            _input = new(meter, names.Tokens.InputTotal, names.Tokens.InputPerOperation);
            _output = new(meter, names.Tokens.OutputTotal, names.Tokens.OutputPerOperation);
            _cached = meter.CreateCounter<long>(names.Tokens.CacheReadTotal, Unit, "Prompt tokens that the engine had in its cache");
        }
        else
        {
            _usage = meter.CreateHistogram(names.TokenUsage, Unit, "Tokens of one request", tags: null, Buckets);
        }
    }

    /// <summary>Whether somebody listens.</summary>
    public bool Enabled => _usage?.Enabled ?? _input!.Enabled;

    /// <summary>The tokens of one request.</summary>
    public void Record(in TokenUsage tokens, TagList tags)
    {
        if (_usage is not null)
        {
            Record(_usage, tokens.Prompt, tags, "input");
            Record(_usage, tokens.Completion, tags, "output");
            return;
        }

        _input!.Record(tokens.Prompt, tags);
        _output!.Record(tokens.Completion, tags);
        _cached!.Add(tokens.Cached, tags);
    }

    private static void Record(Histogram<long> histogram, long tokens, TagList tags, string type)
    {
        tags.Add(Attributes.TokenType, type);
        histogram.Record(tokens, tags);
    }

    private sealed class Direction(Meter meter, string total, string perOperation)
    {
        private readonly Counter<long> _total = meter.CreateCounter<long>(total, Unit, "Tokens");
        private readonly Histogram<long> _perOperation = meter.CreateHistogram(perOperation, Unit, "Tokens of one request", tags: null, Buckets);

        public bool Enabled => _total.Enabled || _perOperation.Enabled;

        public void Record(long tokens, in TagList tags)
        {
            _total.Add(tokens, tags);
            _perOperation.Record(tokens, tags);
        }
    }
}
