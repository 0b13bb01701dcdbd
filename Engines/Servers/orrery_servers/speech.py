"""/v1/audio/speech and /v1/audio/voices."""

from __future__ import annotations

import base64
import os
import tempfile
from dataclasses import dataclass, replace
from typing import Any, AsyncGenerator, Callable, Iterator, Protocol, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .audio.decoding import decode
from .audio.encoding import FORMATS, as_pcm, encode, encode_stream, media_type
from .chat import event
from .errors import ApiError, invalid
from .fields import Fields
from .messages import data_of
from .web import Service, Streamed, answer, read_json
from .worker import Work

LONGEST_INPUT = 4096
_LONGEST_SAMPLE_SECONDS = 60

OPENAI_VOICES = ("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse")
"""Clients send one of them without knowing the model; where a model has no such voice, its default speaks."""


@dataclass(frozen=True)
class Wish:
    text: str
    voice: str
    """One of the model's; empty where it has none by name."""
    speed: float = 1.0
    language: str | None = None
    instructions: str | None = None
    """How it is to be spoken."""
    seed: int | None = None
    sample: str | None = None
    """A recording (wav) of the voice to speak in."""
    sample_text: str | None = None


class Voice(Protocol):
    """A model that speaks."""

    sample_rate: int
    voices: Sequence[str]
    """By name; empty: it has none."""
    default_voice: str
    has_speed: bool
    """Whether it can speak faster by itself; else the recording is made faster."""
    copies: bool
    """Whether it can speak in the voice of a sample."""

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        """The samples, piece by piece."""


@dataclass
class Spoken:
    """What all families have in common; each says what is different."""

    sample_rate: int
    voices: Sequence[str] = ()
    default_voice: str = ""
    has_speed: bool = False
    copies: bool = False


def routes(service: Service) -> list[Route]:
    async def speech(request: Request) -> Response:
        service.worker.admit()
        fields = await read_json(request)
        service.check_model(fields)
        model: Voice = service.worker.model
        format = fields.choice("response_format", FORMATS, "mp3")
        stream = fields.choice("stream_format", ("audio", "sse"), "")
        wish = _wish(fields, model)
        with _Sample(fields, model) as sample:
            wish = await sample.added_to(wish, service)
            tempo = 1.0 if model.has_speed else wish.speed
            if stream:
                return await _streamed(service, model, wish, format, tempo, stream, sample)
            return await _whole(service, request, model, wish, format, tempo)

    async def voices(_: Request) -> Response:
        service.worker.admit()
        model: Voice = service.worker.model
        return JSONResponse({"voices": list(model.voices), "default": model.default_voice, "copies": model.copies})

    return [Route("/v1/audio/speech", speech, methods=["POST"]), Route("/v1/audio/voices", voices, methods=["GET"])]


def _wish(fields: Fields, model: Voice) -> Wish:
    return Wish(
        fields.needed_text("input", LONGEST_INPUT),
        _voice(fields, model),
        fields.number("speed", 1.0, 0.25, 4) or 1.0,
        fields.text("language", None, 20),
        fields.text("instructions", None, LONGEST_INPUT),
        fields.integer("seed", None, 0, 2**32 - 1),
        None,
        fields.text("ref_text", None, LONGEST_INPUT),
    )


def _voice(fields: Fields, model: Voice) -> str:
    named = fields.raw("voice")
    if isinstance(named, dict):  # OpenAI's form for voices of one's own.
        named = named.get("id")
    if named is None or named == "":
        return model.default_voice
    if not isinstance(named, str):
        raise invalid("'voice' takes a text.", "voice", "invalid_type")
    if named in model.voices:
        return named
    if named in OPENAI_VOICES or not model.voices:
        return model.default_voice
    shown = ", ".join(list(model.voices)[:60])
    raise invalid(f"'voice' is '{named[:40]}'; this model's are {shown}.", "voice")


class _Sample:
    """The recording that a voice is copied from: a file while it is spoken."""

    def __init__(self, fields: Fields, model: Voice) -> None:
        self._bytes: bytes | None = None
        self._path: str | None = None
        self._is_kept = False
        if fields.has("ref_audio"):
            if not model.copies:
                raise invalid("This model cannot speak in the voice of a sample.", "ref_audio", "unsupported_parameter")
            self._bytes = data_of(fields.raw("ref_audio"), "ref_audio", "audio")

    async def added_to(self, wish: Wish, service: Service) -> Wish:
        if self._bytes is None:
            return wish
        samples = await decode(self._bytes, 24000, _LONGEST_SAMPLE_SECONDS, "ref_audio")
        file = await encode(as_pcm(samples), 24000, "wav")
        handle, self._path = tempfile.mkstemp(".wav", "orrery-voice-")
        with os.fdopen(handle, "wb") as written:
            written.write(file)
        return replace(wish, sample=self._path)

    def keep(self) -> None:
        """It is still needed; whoever says so removes it."""
        self._is_kept = True

    def remove(self) -> None:
        if self._path is not None and os.path.exists(self._path):
            os.unlink(self._path)

    def __enter__(self) -> _Sample:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_kept:
            self.remove()


def _spoken(model: Voice, wish: Wish) -> Callable[[Work], float]:
    def do(work: Work) -> float:
        samples = 0
        for piece in model.speak(wish, work):
            pcm = as_pcm(piece)
            samples += len(pcm) // 2
            work.emit(pcm)
            work.check()
        if samples == 0:
            raise ApiError(500, "The model made no sound of this text.", "no_audio")
        return samples / model.sample_rate

    return do


async def _whole(service: Service, request: Request, model: Voice, wish: Wish, format: str, tempo: float) -> Response:
    pcm: list[bytes] = []

    def do(work: Work) -> float:
        work.sink = pcm.append
        return _spoken(model, wish)(work)

    service.metrics.add("audio_seconds", await answer(service, request, do))
    return Response(await encode(b"".join(pcm), model.sample_rate, format, tempo), media_type=media_type(format))


async def _streamed(service: Service, model: Voice, wish: Wish, format: str, tempo: float, stream: str, sample: _Sample) -> Response:
    work = service.worker.submit(_spoken(model, wish))
    sample.keep()
    work.result.add_done_callback(lambda _: sample.remove())

    async def parts() -> AsyncGenerator[bytes, None]:
        pieces = work.items()
        first = await anext(pieces, b"")  # What is wrong with the request is told before a file is begun.
        file = encode_stream(_chained(first, pieces), model.sample_rate, format, tempo)
        try:
            async for part in file:
                yield part if stream == "audio" else event({"type": "speech.audio.delta", "audio": base64.b64encode(part).decode("ascii")})
            service.metrics.add("audio_seconds", await work.result)
            if stream == "sse":
                yield event({"type": "speech.audio.done"})
        finally:
            await file.aclose()

    if stream == "audio":
        return Streamed(work, parts(), media_type(format))
    return Streamed(work, parts(), "text/event-stream", lambda error: event({"type": "error", **error.body}))


async def _chained(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    yield first
    async for piece in rest:
        yield piece
