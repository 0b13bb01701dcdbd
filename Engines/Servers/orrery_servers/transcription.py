"""/v1/audio/transcriptions and /v1/audio/translations, for every program that hears."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from .audio.decoding import decode
from .errors import invalid
from .fields import Fields
from .web import Service, answer, read_form
from .worker import Work

FORMATS = ("json", "text", "srt", "verbose_json", "vtt")


@dataclass(frozen=True)
class Wish:
    """What a client asks of a recording."""

    task: str
    """``transcribe`` or ``translate``."""
    language: str | None = None
    prompt: str | None = None
    temperature: float | None = None
    words: bool = False
    segments: bool = False


@dataclass(frozen=True)
class Word:
    start: float
    end: float
    word: str


@dataclass(frozen=True)
class Segment:
    start: float
    end: float
    text: str
    more: dict[str, Any] = field(default_factory=dict)
    """What else the model says of it, in OpenAI's names."""


@dataclass(frozen=True)
class Transcript:
    text: str
    language: str | None = None
    segments: list[Segment] | None = None
    """``None``: the model does not say when something was said."""
    words: list[Word] | None = None


class Listener(Protocol):
    """A model that hears."""

    sample_rate: int
    translates: bool
    """Whether it can give speech of another language in English."""
    times: frozenset[str]
    """Of what it knows the times: ``segment``, ``word``."""

    def transcribe(self, samples: Any, wish: Wish, work: Work) -> Transcript: ...


def routes(service: Service) -> list[Route]:
    async def transcribe(request: Request) -> Response:
        return await _answer(service, request, "transcribe")

    async def translate(request: Request) -> Response:
        return await _answer(service, request, "translate")

    return [Route("/v1/audio/transcriptions", transcribe, methods=["POST"]), Route("/v1/audio/translations", translate, methods=["POST"])]


async def _answer(service: Service, request: Request, task: str) -> Response:
    service.worker.admit()
    model: Listener = service.worker.model
    form = await read_form(request)
    try:
        fields = Fields({name: form[name] for name in form if isinstance(form[name], str)}, is_form=True)
        service.check_model(fields)
        wish = _wish(fields, [text for text in form.getlist("timestamp_granularities[]") if isinstance(text, str)], task, model)
        format = fields.choice("response_format", FORMATS, "json")
        if format in ("srt", "vtt") and "segment" not in model.times:
            raise invalid(f"This model does not say when something was said; 'response_format' {format} needs that. Take json or text.", "response_format", "unsupported_value")
        file = form.get("file")
        if file is None or isinstance(file, str):
            raise invalid("'file' is needed: a recording, as a file of the form.", "file", "missing_required_parameter")
        samples = await decode(file, model.sample_rate, service.settings.max_audio_seconds)
    finally:
        await form.close()
    duration = len(samples) / model.sample_rate
    transcript = await answer(service, request, lambda work: model.transcribe(samples, wish, work))
    service.metrics.add("audio_seconds", duration)
    return _shaped(transcript, format, wish, duration)


def _wish(fields: Fields, granularities: list[str], task: str, model: Listener) -> Wish:
    if task == "translate" and not model.translates:
        raise invalid("This model does not translate; use /v1/audio/transcriptions.", code="unsupported_operation")
    for granularity in granularities:
        if granularity not in ("word", "segment"):
            raise invalid(f"'timestamp_granularities[]' is '{granularity[:40]}'; it is word or segment.", "timestamp_granularities[]")
        if granularity not in model.times:
            raise invalid(f"This model knows no times of each {granularity}.", "timestamp_granularities[]", "unsupported_value")
    return Wish(
        task,
        fields.text("language", longest=20) or None,
        fields.text("prompt", longest=10_000) or None,
        fields.number("temperature", None, 0, 1),
        "word" in granularities,
        "segment" in granularities or not granularities,
    )


def _shaped(transcript: Transcript, format: str, wish: Wish, duration: float) -> Response:
    text = transcript.text.strip()
    if format == "text":
        return PlainTextResponse(text + "\n")
    if format in ("srt", "vtt"):
        return PlainTextResponse(_subtitles(transcript.segments or [], format), media_type="application/x-subrip" if format == "srt" else "text/vtt")
    usage = {"type": "duration", "seconds": round(duration + 0.499)}
    if format == "json":
        return JSONResponse({"text": text, "usage": usage})
    shown: dict[str, Any] = {"task": wish.task, "language": transcript.language or wish.language or "", "duration": round(duration, 3), "text": text}
    if wish.segments and transcript.segments is not None:
        shown["segments"] = [{"id": i, "start": s.start, "end": s.end, "text": s.text, **s.more} for i, s in enumerate(transcript.segments)]
    if wish.words and transcript.words is not None:
        shown["words"] = [{"word": w.word, "start": w.start, "end": w.end} for w in transcript.words]
    return JSONResponse({**shown, "usage": usage})


def _subtitles(segments: list[Segment], format: str) -> str:
    lines = ["WEBVTT", ""] if format == "vtt" else []
    for number, segment in enumerate(segments, 1):
        if format == "srt":
            lines.append(str(number))
        text = segment.text.strip().replace("-->", "->")
        lines += [f"{_clock(segment.start, format)} --> {_clock(segment.end, format)}", text, ""]
    return "\n".join(lines)


def _clock(seconds: float, format: str) -> str:
    milliseconds = round(max(0.0, seconds) * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    whole, rest = divmod(rest, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}{',' if format == 'srt' else '.'}{rest:03}"
