namespace Orrery.Gateway.Storage;

/// <summary>A response as it is kept.</summary>
/// <param name="KeyName">The access key that asked for it.</param>
/// <param name="PreviousId">The response that it goes on from.</param>
/// <param name="Status">The response's own <c>status</c>.</param>
/// <param name="Input">The items of its request, a JSON array.</param>
/// <param name="Response">The response object.</param>
internal sealed record StoredResponse(string Id, string KeyName, string? PreviousId, string Status, DateTimeOffset CreatedAt, byte[] Input, byte[] Response);
