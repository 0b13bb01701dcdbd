"""/v1/chat/completions, for every program that answers with text."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any, AsyncGenerator, Callable, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .errors import ApiError
from .fields import Fields
from .generation import Answer, Sampling, refuse_what_is_not_done
from .messages import Message, read_messages
from .web import Service, Streamed, answer, read_json
from .worker import Work


@dataclass(frozen=True)
class Dialogue:
    """What a model is to go on with."""

    messages: list[Message]
    sampling: Sampling
    template: dict[str, Any]
    """Further words for the chat template (``chat_template_kwargs``), such as ``enable_thinking``."""


class Speaker(Protocol):
    """A model that answers with text."""

    takes_pictures: bool
    max_length: int

    def answer(self, dialogue: Dialogue, to: Answer) -> None:
        """Writes the whole answer; in the model's thread."""


def routes(service: Service) -> list[Route]:
    async def chat(request: Request) -> Response:
        service.worker.admit()
        fields = await read_json(request)
        service.check_model(fields)
        refuse_what_is_not_done(fields)
        model: Speaker = service.worker.model
        dialogue = Dialogue(
            read_messages(fields.raw("messages"), model.takes_pictures),
            Sampling.read(fields),
            fields.object("chat_template_kwargs").all(),
        )
        shape = _Shape(fields, service)
        if fields.boolean("stream"):
            return _stream(service, model, dialogue, shape)
        return await _whole(service, request, model, dialogue, shape)

    return [Route("/v1/chat/completions", chat, methods=["POST"])]


class _Shape:
    """An answer's JSON."""

    def __init__(self, fields: Fields, service: Service) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": fields.text("model") or service.options.name}
        options = fields.object("stream_options")
        self.usage_at_end = options.boolean("include_usage")
        self.usage_always = options.boolean("continuous_usage_stats") and self.usage_at_end

    @staticmethod
    def usage(prompt: int, answer: int) -> dict[str, int]:
        return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}

    def whole(self, text: str, made: Answer) -> dict[str, Any]:
        choice = {"index": 0, "message": {"role": "assistant", "content": text, "refusal": None}, "logprobs": None, "finish_reason": made.finish_reason}
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": self.usage(made.prompt_tokens, made.tokens)}

    def chunk(self, delta: dict[str, Any] | None, made: Answer, tokens: int, finish_reason: str | None = None) -> bytes:
        chunk: dict[str, Any] = {**self._head, "object": "chat.completion.chunk", "choices": []}
        if delta is not None:
            chunk["choices"] = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]
        if delta is None or self.usage_always:
            chunk["usage"] = self.usage(made.prompt_tokens, tokens)
        return event(chunk)


def event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n\n"


def _job(model: Speaker, dialogue: Dialogue) -> tuple[Callable[[Work], Answer], list[Answer]]:
    """The work, and where it will be written to."""
    made: list[Answer] = []

    def do(work: Work) -> Answer:
        to = Answer(work, dialogue.sampling.stop)
        made.append(to)
        model.answer(dialogue, to)
        work.check()
        return to

    return do, made


async def _whole(service: Service, request: Request, model: Speaker, dialogue: Dialogue, shape: _Shape) -> Response:
    texts: list[str] = []

    def do(work: Work) -> Answer:
        work.sink = lambda item: texts.append(item[0])
        return _job(model, dialogue)[0](work)

    made: Answer = await answer(service, request, do)
    _count(service, made)
    return JSONResponse(shape.whole("".join(texts), made))


def _stream(service: Service, model: Speaker, dialogue: Dialogue, shape: _Shape) -> Response:
    do, made = _job(model, dialogue)
    work = service.worker.submit(do)

    async def parts() -> AsyncGenerator[bytes, None]:
        is_first = True
        async for text, tokens in work.items():
            if is_first:
                yield shape.chunk({"role": "assistant", "content": ""}, made[0], 0)
                is_first = False
            if text:
                yield shape.chunk({"content": text}, made[0], tokens)
        answered: Answer = await work.result
        if is_first:
            yield shape.chunk({"role": "assistant", "content": ""}, answered, 0)
        yield shape.chunk({}, answered, answered.tokens, answered.finish_reason)
        if shape.usage_at_end:
            yield shape.chunk(None, answered, answered.tokens)
        _count(service, answered)
        yield b"data: [DONE]\n\n"

    return Streamed(work, parts(), "text/event-stream", _as_event)


def _as_event(error: ApiError) -> bytes:
    return event(error.body)


def _count(service: Service, made: Answer) -> None:
    service.metrics.add("prompt_tokens", made.prompt_tokens)
    service.metrics.add("generation_tokens", made.tokens)
