using Orrery.Expressions;

namespace Orrery.Contracts.Transforms;

/// <summary>What an expression says of embeddings: a list of vectors, or a map of them and usage.</summary>
public static class VectorResult
{
    /// <param name="usage">What the expression for usage alone gave.</param>
    /// <param name="inputs">So many vectors are wanted.</param>
    public static ListValue? Read(in Value body, in Value usage, int inputs, out CountedTokens? counted, out ResultFault? fault)
    {
        var results = new ResultReader();
        counted = results.OwnUsage(usage);
        var vectors = body;
        if (body.Kind == ValueKind.Map)
        {
            results.Require(body.AsMap(), ResultKeys.Vectors, "a map");
            vectors = ResultReader.Of(body.AsMap(), "embeddings");
            counted ??= results.Usage(ResultReader.Of(body.AsMap(), "usage"));
        }

        if (vectors.Kind != ValueKind.List)
        {
            results.Fail($"gives {ResultReader.Name(vectors)}; expected a list of vectors, or a map of embeddings and usage");
        }
        else if (vectors.AsList().Count != inputs)
        {
            results.Fail($"gives {vectors.AsList().Count} vectors; expected one for each of {inputs} inputs");
        }

        fault = results.Fault;
        return fault is null ? vectors.AsList() : null;
    }

    /// <returns><c>null</c> where <paramref name="vector"/> is none; <paramref name="fault"/> says why.</returns>
    public static float[]? Numbers(in Value vector, int index, out ResultFault? fault)
    {
        fault = null;
        if (vector.Kind != ValueKind.List || vector.AsList().Count == 0)
        {
            fault = new(false, $"gives {ResultReader.Name(vector)} as vector {index}; expected a list of numbers");
            return null;
        }

        var numbers = vector.AsList();
        var floats = new float[numbers.Count];
        for (var i = 0; i < floats.Length; i++)
        {
            var number = numbers[i];
            if (number.Kind is not (ValueKind.Double or ValueKind.Int))
            {
                fault = new(false, $"gives {ResultReader.Name(number)} in vector {index}; expected a number");
                return null;
            }

            floats[i] = number.Kind == ValueKind.Int ? number.AsInt() : (float)number.AsDouble();
        }

        return floats;
    }
}
