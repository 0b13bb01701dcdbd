namespace Orrery.Contracts;

/// <summary>HTTP headers of our own, and the request id.</summary>
public static class OrreryHeaders
{
    /// <summary>On every response; taken over from the request where it is 1 to 128 visible ASCII characters.</summary>
    public const string RequestId = "x-request-id";

    /// <summary><c>true</c> on answers that a simulator made up.</summary>
    public const string Simulated = "X-Orrery-Simulated";

    /// <summary>The provider that answered.</summary>
    public const string Provider = "X-Orrery-Provider";

    /// <summary>Tags of a request, with commas between them; routes may match on them. Never sent on.</summary>
    public const string Tags = "X-Orrery-Tags";

    /// <summary><c>1</c> in a request asks for the route plan in the answer's header of the same name.</summary>
    public const string Explain = "X-Orrery-Explain";

    /// <summary>On answers to a request in another API: its fields that the engine was not told.</summary>
    public const string LeftOut = "X-Orrery-Left-Out";

    /// <summary><c>true</c> on a count of tokens that no engine made.</summary>
    public const string Estimated = "X-Orrery-Estimated";

    /// <summary>In a request: the session it belongs to, for providers that balance by session.</summary>
    public const string Session = "X-Orrery-Session";

    /// <summary>In a request to the simulator: a fault to inject (docs/simulator.md).</summary>
    public const string Fault = "X-Orrery-Fault";
}
