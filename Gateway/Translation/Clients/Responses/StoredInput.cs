using System.Buffers;
using System.Text.Json;

namespace Orrery.Gateway.Translation.Clients.Responses;

/// <summary>A request's own items as they are kept: each whole, with an id, a type and a status.</summary>
internal static class StoredInput
{
    /// <param name="ids">Makes an item's id.</param>
    public static byte[] Of(JsonElement? input, EarlierItems earlier, Func<string, int, byte[]> ids)
    {
        var items = new ArrayBufferWriter<byte>();
        items.Write("["u8);
        if (input is { ValueKind: JsonValueKind.String } text)
        {
            items.Write("{\"id\":"u8);
            items.Write(ids("msg_", 0));
            items.Write(",\"type\":\"message\",\"role\":\"user\",\"status\":\"completed\",\"content\":[{\"type\":\"input_text\",\"text\":"u8);
            items.Write(text);
            items.Write("}]}"u8);
        }
        else if (input is { ValueKind: JsonValueKind.Array } list)
        {
            var place = 0;
            foreach (var item in list.EnumerateArray())
            {
                items.Write(place > 0 ? ","u8 : default);
                Write(item.Type() == "item_reference" && item.GetText("id"u8)?.GetString() is { } id && earlier.Find(id) is { } found ? found : item, place++, ids, items);
            }
        }

        items.Write("]"u8);
        return items.WrittenSpan.ToArray();
    }

    private static void Write(JsonElement item, int place, Func<string, int, byte[]> ids, ArrayBufferWriter<byte> items)
    {
        var type = item.Type() is { Length: > 0 } said ? said : "message";
        items.Write("{\"id\":"u8);
        items.Write(item.GetText("id"u8) is { } id ? id.Raw() : ids(PrefixOf(type), place));
        if (type == "message")
        {
            items.Write(",\"type\":\"message\""u8);
        }

        if (type is "message" or "function_call" or "function_call_output" && item.Get("status"u8) is null)
        {
            items.Write(",\"status\":\"completed\""u8);
        }

        foreach (var member in item.EnumerateObject())
        {
            if (member.Name == "content" && type == "message" && member.Value.IsText())
            {
                WriteText(member.Value, isOutput: item.GetText("role"u8) is { } role && role.ValueEquals("assistant"u8), items);
            }
            else if (member.Value.ValueKind != JsonValueKind.Null && member.Name != "id" && !(member.Name == "type" && type == "message"))
            {
                ChatBody.Copy(member, items);
            }
        }

        items.Write("}"u8);
    }

    private static void WriteText(JsonElement text, bool isOutput, ArrayBufferWriter<byte> items)
    {
        items.Write(isOutput ? ",\"content\":[{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":"u8 : ",\"content\":[{\"type\":\"input_text\",\"text\":"u8);
        items.Write(text);
        items.Write("}]"u8);
    }

    private static string PrefixOf(string type) => type switch
    {
        "function_call" => "fc_",
        "function_call_output" => "fco_",
        "reasoning" => "rs_",
        _ => "msg_",
    };
}
