"""Long recordings and long texts in pieces, for models that take short ones only."""

from __future__ import annotations

import re
from typing import Any, Iterator

import numpy

_SENTENCE = re.compile(r".+?(?:[.!?…。！？]+[\"'”’)\]]*(?=\s|$)|[。！？]|\n+|$)", re.DOTALL)


def pieces(samples: Any, rate: int, longest_seconds: float) -> Iterator[tuple[float, Any]]:
    """Where each piece begins, in seconds, and its samples. Cut where it is quietest in the last third of a piece."""
    longest, start = int(longest_seconds * rate), 0
    while len(samples) - start > longest:
        window = max(1, rate // 50)
        tail = samples[start + longest * 2 // 3 : start + longest]
        loudness = numpy.abs(tail[: len(tail) // window * window]).reshape(-1, window).mean(axis=1)
        end = start + longest * 2 // 3 + int(loudness.argmin()) * window + window // 2
        yield start / rate, samples[start:end]
        start = end
    yield start / rate, samples[start:]


def sentences(text: str, longest: int) -> list[str]:
    """The text in parts of whole sentences, none longer than ``longest`` characters; a sentence that is longer is cut at a blank."""
    parts: list[str] = []
    for sentence in (found.group().strip() for found in _SENTENCE.finditer(text)):
        for piece in _cut(sentence, longest):
            if parts and len(parts[-1]) + 1 + len(piece) <= longest:
                parts[-1] += " " + piece
            elif piece:
                parts.append(piece)
    return parts


def _cut(sentence: str, longest: int) -> Iterator[str]:
    while len(sentence) > longest:
        at = max(sentence.rfind(sign, 0, longest) + len(sign) - 1 for sign in (", ", "; ", " "))
        at = at if at > 0 else longest
        yield sentence[:at].strip()
        sentence = sentence[at:].strip()
    yield sentence
