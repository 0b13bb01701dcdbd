"""/v1/embeddings."""

from __future__ import annotations

import base64
from typing import Any, Protocol

import numpy
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .errors import invalid
from .fields import Fields
from .web import Service, answer, read_json
from .worker import Work

_MOST_INPUTS = 2048


class Embedder(Protocol):
    max_length: int
    dimensions: int
    """Of a vector."""
    shorter: tuple[int, ...] | None
    """Lengths to which its vectors may be cut; empty: any; ``None``: none."""

    def embed(self, texts: list[str], wish: Fields, work: Work) -> tuple[Any, int]:
        """The vectors (numpy, one a row) and how many tokens the texts have."""


def routes(service: Service) -> list[Route]:
    async def embed(request: Request) -> Response:
        service.worker.admit()
        fields = await read_json(request)
        service.check_model(fields)
        model: Embedder = service.worker.model
        texts = _texts(fields)
        format = fields.choice("encoding_format", ("float", "base64"), "float")
        length = _length(fields, model)
        vectors, tokens = await answer(service, request, lambda work: model.embed(texts, fields, work))
        service.metrics.add("prompt_tokens", tokens)
        data = [{"object": "embedding", "index": i, "embedding": _written(vector, length, format)} for i, vector in enumerate(vectors)]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return JSONResponse({"object": "list", "data": data, "model": fields.text("model") or service.options.name, "usage": usage})

    return [Route("/v1/embeddings", embed, methods=["POST"])]


def _texts(fields: Fields) -> list[str]:
    value = fields.raw("input")
    if isinstance(value, list) and value and not any(isinstance(item, str) for item in value):
        raise invalid("'input' has tokens; this server takes texts.", "input", "unsupported_value")
    texts = fields.texts("input", _MOST_INPUTS)
    if not texts or any(not text for text in texts):
        raise invalid("'input' is needed: a text or a list of texts, none of them empty.", "input", "invalid_value" if fields.has("input") else "missing_required_parameter")
    return texts


def _length(fields: Fields, model: Embedder) -> int | None:
    length = fields.integer("dimensions", None, 1)
    if length is None or length == model.dimensions:
        return None
    if model.shorter is None:
        raise invalid(f"This model's vectors cannot be shortened; leave out 'dimensions', or ask for its {model.dimensions}.", "dimensions", "unsupported_value")
    if length > model.dimensions or (model.shorter and length not in model.shorter):
        known = ", ".join(map(str, model.shorter)) if model.shorter else f"from 1 to {model.dimensions}"
        raise invalid(f"'dimensions' is {length}; this model's are {known}.", "dimensions")
    return length


def _written(vector: Any, length: int | None, format: str) -> Any:
    """A shortened vector is made one long again, as OpenAI does."""
    vector = numpy.asarray(vector, dtype="<f4")
    if length is not None:
        vector = vector[:length]
        norm = float(numpy.linalg.norm(vector))
        vector = vector / norm if norm > 0 else vector
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii") if format == "base64" else [float(number) for number in vector]
