"""/v1/images/generations."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .errors import invalid
from .fields import Fields
from .web import Service, answer, read_json
from .worker import Work

_LONGEST_PROMPT = 32_000
_SIZE = re.compile(r"(\d{2,5})[x×](\d{2,5})")
_LONGEST_SIDE = 2048


@dataclass(frozen=True)
class Wish:
    prompt: str
    count: int
    size: tuple[int, int] | None
    format: str
    seed: int | None
    steps: int | None
    guidance: float | None
    negative_prompt: str | None


class Painter(Protocol):
    multiple: int
    """Of which width and height must be."""

    def draw(self, wish: Wish, work: Work) -> list[str]:
        """The pictures in base64."""


def size_of(text: str, name: str, multiple: int, longest: int) -> tuple[int, int]:
    """``1024x768`` → width and height."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise invalid(f"'{name}' is '{text[:40]}'; it is width and height, such as 1024x1024.", name)
    width, height = int(match[1]), int(match[2])
    if width % multiple or height % multiple or max(width, height) > longest or min(width, height) < 64:
        raise invalid(f"'{name}' is {text}; width and height are multiples of {multiple} from 64 to {longest}.", name)
    return width, height


def routes(service: Service) -> list[Route]:
    async def generate(request: Request) -> Response:
        service.worker.admit()
        fields = await read_json(request)
        service.check_model(fields)
        model: Painter = service.worker.model
        wish = _wish(fields, model)
        pictures = await answer(service, request, lambda work: model.draw(wish, work))
        return JSONResponse({"created": int(time.time()), "data": [{"b64_json": picture} for picture in pictures], "output_format": wish.format})

    return [Route("/v1/images/generations", generate, methods=["POST"])]


def _wish(fields: Fields, model: Painter) -> Wish:
    if fields.text("response_format", "b64_json") != "b64_json":
        raise invalid("'response_format' is b64_json alone: this server keeps no pictures.", "response_format", "unsupported_value")
    if fields.boolean("stream"):
        raise invalid("This server does not stream pictures.", "stream", "unsupported_value")
    size = fields.text("size", "auto")
    return Wish(
        fields.needed_text("prompt", _LONGEST_PROMPT),
        fields.integer("n", 1, 1, 10) or 1,
        None if size == "auto" or size is None else size_of(size, "size", model.multiple, _LONGEST_SIDE),
        fields.choice("output_format", ("png", "jpeg", "webp"), "png"),
        fields.integer("seed", None, 0, 2**63 - 1),
        fields.integer("num_inference_steps", None, 1, 200),
        fields.number("guidance_scale", None, 0, 50),
        fields.text("negative_prompt", None, _LONGEST_PROMPT),
    )
