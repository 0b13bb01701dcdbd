"""Recordings → samples, by ffmpeg."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from typing import Any

import numpy

from ..errors import ApiError, invalid

_FORMATS = "aac,ac3,aiff,amr,asf,au,avi,caf,flac,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,mpegts,ogg,wav,w64"
"""What may be read. Playlists are not among it: they name other files and addresses."""


async def decode(source: Any, rate: int, longest_seconds: int, param: str = "file") -> Any:
    """Reads a recording of any usual format.

    :param source: bytes, or something with an async ``read`` and ``seek`` (a file of a form).
    :returns: the samples, ``rate`` a second.
    :raises ApiError: 400, it is no recording, it is empty, or it is too long.
    """
    with tempfile.NamedTemporaryFile(prefix="orrery-audio-") as file:
        await _copy(source, file)
        if file.tell() == 0:
            raise invalid("The recording is empty.", param, "invalid_audio")
        file.flush()
        command = [_ffmpeg(), "-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file", "-format_whitelist", _FORMATS]
        command += ["-i", file.name, "-vn", "-t", str(longest_seconds + 1), "-f", "f32le", "-ac", "1", "-ar", str(rate), "pipe:1"]
        said, error, code = await run(command)
    if code != 0 and not said:
        raise invalid(f"The recording cannot be read ({_reason(error, file.name)}); send wav, mp3, flac, ogg, m4a or webm.", param, "invalid_audio")
    samples = numpy.frombuffer(said, dtype="<f4")
    if len(samples) == 0:
        raise invalid("The recording has no sound.", param, "invalid_audio")
    if len(samples) > longest_seconds * rate:
        raise invalid(f"The recording is longer than {longest_seconds} seconds; send it in pieces.", param, "audio_too_long")
    return samples


async def run(command: list[str], given: bytes | None = None) -> tuple[bytes, bytes, int]:
    """A program's output, its errors and how it ended. It is ended when nobody waits for it any more."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, error = await process.communicate(given)
        return said, error, process.returncode or 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _copy(source: Any, file: Any) -> None:
    if isinstance(source, (bytes, bytearray)):
        file.write(source)
        return
    await source.seek(0)
    while piece := await source.read(1 << 20):
        await asyncio.to_thread(file.write, piece)


def _reason(error: bytes, name: str) -> str:
    lines = error.decode("utf-8", "replace").replace(name, "it").strip().splitlines()
    return lines[-1][:200] if lines else "no reason given"


def _ffmpeg() -> str:
    path = shutil.which("ffmpeg")
    if path is None:
        raise ApiError(500, "ffmpeg is not installed: name it in the 'systemPackages' of the entry, and build the image anew.", "missing_program")
    return path
