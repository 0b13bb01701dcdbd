"""Samples → files as clients ask for them, by ffmpeg; wav and pcm at the model's own rate without it."""

from __future__ import annotations

import asyncio
import io
import wave
from typing import Any, AsyncGenerator, AsyncIterator

import numpy

from ..errors import ApiError
from .decoding import _ffmpeg, run

PCM_RATE = 24000
"""Of raw samples, which have no place to say it: OpenAI's."""

_CODECS = {
    "mp3": (["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"], "audio/mpeg"),
    "opus": (["-c:a", "libopus", "-b:a", "64k", "-f", "ogg"], "audio/ogg"),
    "aac": (["-c:a", "aac", "-b:a", "128k", "-f", "adts"], "audio/aac"),
    "flac": (["-c:a", "flac", "-f", "flac"], "audio/flac"),
    "wav": (["-c:a", "pcm_s16le", "-f", "wav"], "audio/wav"),
    "pcm": (["-c:a", "pcm_s16le", "-ar", str(PCM_RATE), "-f", "s16le"], "audio/pcm"),
}

FORMATS = tuple(_CODECS)


def media_type(format: str) -> str:
    return _CODECS[format][1]


def as_pcm(samples: Any) -> bytes:
    """16 bits, little-endian. What is louder than full is cut."""
    flat = numpy.asarray(samples, dtype=numpy.float32).reshape(-1)
    return (numpy.clip(numpy.nan_to_num(flat), -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


async def encode(pcm: bytes, rate: int, format: str, tempo: float = 1.0) -> bytes:
    """A whole file.

    :param tempo: how much faster it is to be spoken than it was, at the same pitch.
    """
    if tempo == 1.0 and (format == "wav" or (format == "pcm" and rate == PCM_RATE)):
        return pcm if format == "pcm" else _wav(pcm, rate)
    if format == "wav":  # To a pipe ffmpeg cannot write how long it is.
        return _wav(await encode(pcm, rate, "raw", tempo), rate)
    said, error, code = await run(_command(rate, format, tempo), pcm)
    if code != 0:
        raise ApiError(500, f"ffmpeg could not write {format}: {error.decode('utf-8', 'replace').strip()[-200:]}", "encoding_failed")
    return said


async def encode_stream(pieces: AsyncIterator[bytes], rate: int, format: str, tempo: float = 1.0) -> AsyncGenerator[bytes, None]:
    """The file's parts, as the samples' pieces come."""
    process = await asyncio.create_subprocess_exec(*_command(rate, format, tempo), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    feeding = asyncio.create_task(_feed(pieces, process.stdin))
    try:
        while part := await process.stdout.read(1 << 15):
            yield part
        await feeding
        if await process.wait() != 0:
            raise ApiError(500, f"ffmpeg could not write {format}.", "encoding_failed")
    finally:
        feeding.cancel()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _feed(pieces: AsyncIterator[bytes], into: asyncio.StreamWriter) -> None:
    try:
        async for piece in pieces:
            into.write(piece)
            await into.drain()
    finally:
        into.close()


def _command(rate: int, format: str, tempo: float) -> list[str]:
    codec = ["-c:a", "pcm_s16le", "-f", "s16le"] if format == "raw" else _CODECS[format][0]
    given = ["-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", "pipe:0"]
    return [_ffmpeg(), "-hide_banner", "-loglevel", "error", *given, *_tempo(tempo), *codec, "-flush_packets", "1", "pipe:1"]


def _tempo(tempo: float) -> list[str]:
    """The filter goes from a half to a hundred times; what is slower is done in two steps."""
    if tempo == 1.0:
        return []
    steps = [tempo] if tempo >= 0.5 else [0.5, tempo / 0.5]
    return ["-filter:a", ",".join(f"atempo={step:.4f}" for step in steps)]


def _wav(pcm: bytes, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(pcm)
    return file.getvalue()


def read_wav(path: str, rate: int) -> Any:
    """The samples of a wav that the server has written itself, at another rate."""
    with wave.open(path, "rb") as file:
        own = file.getframerate()
        samples = numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(numpy.float32) / 32768.0
    at = numpy.arange(int(len(samples) * rate / own)) * own / rate
    return numpy.interp(at, numpy.arange(len(samples)), samples).astype(numpy.float32)
