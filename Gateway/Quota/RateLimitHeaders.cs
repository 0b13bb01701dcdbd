using System.Globalization;

namespace Orrery.Gateway.Quota;

/// <summary>OpenAI's <c>x-ratelimit-*</c> headers: of all the limits that hold for a request, the window with the least left.</summary>
internal static class RateLimitHeaders
{
    public static void Write(IHeaderDictionary headers, Reservation reservation)
    {
        if (Tightest(reservation, LimitUnit.Requests) is var requests and >= 0)
        {
            headers["x-ratelimit-limit-requests"] = reservation.Limits[requests].CountText;
            headers["x-ratelimit-remaining-requests"] = reservation.Holds[requests].Left.ToString(CultureInfo.InvariantCulture);
            headers["x-ratelimit-reset-requests"] = Duration(reservation.Holds[requests].ResetMs);
        }

        if (Tightest(reservation, LimitUnit.Tokens) is var tokens and >= 0)
        {
            headers["x-ratelimit-limit-tokens"] = reservation.Limits[tokens].CountText;
            headers["x-ratelimit-remaining-tokens"] = reservation.Holds[tokens].Left.ToString(CultureInfo.InvariantCulture);
            headers["x-ratelimit-reset-tokens"] = Duration(reservation.Holds[tokens].ResetMs);
        }
    }

    /// <summary>As OpenAI writes it: <c>17ms</c>, <c>1.5s</c>, <c>6m0s</c>, <c>1h0m0s</c>.</summary>
    public static string Duration(long ms)
    {
        Span<char> text = stackalloc char[40];
        var length = 0;
        ms = Math.Max(0, ms);
        if (ms < 1_000)
        {
            Append(text, ref length, ms, "ms");
            return text[..length].ToString();
        }

        var (hours, minutes, rest) = (ms / 3_600_000, ms / 60_000 % 60, (int)(ms % 60_000));
        if (hours > 0)
        {
            Append(text, ref length, hours, "h");
        }

        if (ms >= 60_000)
        {
            Append(text, ref length, minutes, "m");
        }

        Append(text, ref length, rest / 1_000, "");
        if (rest % 1_000 is var part and not 0)
        {
            text[length++] = '.';
            for (var digit = 100; part > 0; part %= digit, digit /= 10)
            {
                text[length++] = (char)('0' + (part / digit));
            }
        }

        text[length++] = 's';
        return text[..length].ToString();
    }

    private static void Append(Span<char> text, ref int length, long number, string unit)
    {
        number.TryFormat(text[length..], out var written, default, CultureInfo.InvariantCulture);
        unit.CopyTo(text[(length + written)..]);
        length += written + unit.Length;
    }

    private static int Tightest(Reservation reservation, LimitUnit unit)
    {
        var tightest = -1;
        for (var i = 0; i < reservation.Limits.Length; i++)
        {
            if (reservation.Limits[i].Unit == unit && (tightest < 0 || reservation.Holds[i].Left < reservation.Holds[tightest].Left))
            {
                tightest = i;
            }
        }

        return tightest;
    }
}
