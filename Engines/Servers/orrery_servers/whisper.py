"""Whisper by faster-whisper: ``python3 -m orrery_servers.whisper --model Systran/faster-whisper-base``.

Library: faster-whisper 1.2.1 (SYSTRAN/faster-whisper, faster_whisper/transcribe.py: ``WhisperModel``, ``Segment``, ``Word``, ``TranscriptionInfo``).
"""

from __future__ import annotations

import argparse
from typing import Any, Sequence

from .errors import invalid
from .loading import require
from .options import Options, parse, parser, positive
from .serve import run
from .settings import Settings
from .transcription import Segment, Transcript, Wish, Word, routes
from .worker import Work

COMPUTE_TYPES = ("auto", "float16", "float32", "int8", "int8_float16")


def flags() -> argparse.ArgumentParser:
    taken = parser("whisper", "Writes down what was said, and translates it to English: Whisper by faster-whisper.")
    taken.add_argument("--beam-size", type=positive, default=5, help="beams of the search; 1 is fastest (5)")
    taken.add_argument("--compute-type", choices=COMPUTE_TYPES, default="auto", help="in which it computes; auto: float16 on a GPU, int8 on a CPU, or what --dtype says (auto)")
    taken.add_argument("--vad", action=argparse.BooleanOptionalAction, default=False, help="leave out what is no speech before it listens")
    return taken


class Whisper:
    sample_rate = 16000
    translates = True
    times = frozenset(("segment", "word"))

    def __init__(self, model: Any, beam_size: int, vad: bool) -> None:
        self._model = model
        self._beam_size = beam_size
        self._vad = vad

    def transcribe(self, samples: Any, wish: Wish, work: Work) -> Transcript:
        # Without a temperature the library tries higher ones where a low one repeats itself.
        hotter = {} if wish.temperature is None else {"temperature": wish.temperature}
        try:
            found, info = self._model.transcribe(
                samples,
                language=wish.language,
                task=wish.task,
                beam_size=self._beam_size,
                initial_prompt=wish.prompt,
                word_timestamps=wish.words,
                vad_filter=self._vad,
                **hotter,
            )
        except ValueError as error:
            if "language" in str(error):
                raise invalid(f"'language' is '{wish.language}', which this model does not know; give an ISO 639-1 code such as en.", "language") from None
            raise
        segments, words = [], []
        for segment in found:  # It listens while it is asked for the next.
            work.check()
            segments.append(_segment(segment))
            words += [Word(word.start, word.end, word.word.strip()) for word in segment.words or []]
        return Transcript("".join(segment.text for segment in segments), info.language, segments, words)


def _segment(said: Any) -> Segment:
    more = {name: getattr(said, name) for name in ("seek", "tokens", "temperature", "avg_logprob", "compression_ratio", "no_speech_prob")}
    return Segment(said.start, said.end, said.text, more)


def load(options: Options, _: Settings) -> Whisper:
    device = _device(options)
    library = require("faster_whisper", "faster-whisper")
    model = library.WhisperModel(options.model, device=device, compute_type=_compute_type(options, device), revision=options.revision)
    return Whisper(model, options["beam_size"], options["vad"])


def _device(options: Options) -> str:
    """The image without a GPU has no PyTorch. Where there is one, importing it makes the libraries of CUDA known that CTranslate2 looks for."""
    if options.device == "cpu":
        return "cpu"
    try:
        import torch
    except ModuleNotFoundError:
        return options.device
    return "cuda" if options.device == "cuda" or torch.cuda.is_available() else "cpu"


def _compute_type(options: Options, device: str) -> str:
    if options["compute_type"] != "auto":
        return options["compute_type"]
    if options.dtype != "auto":
        return options.dtype
    return {"cuda": "float16", "cpu": "int8"}.get(device, "default")


def main(arguments: Sequence[str] | None = None) -> None:
    run("whisper", parse(flags(), arguments), load, routes)


if __name__ == "__main__":
    main()
