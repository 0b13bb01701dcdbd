"""Speech → text by an encoder that spells (wav2vec 2.0, Parakeet CTC): transformers' pipeline ``automatic-speech-recognition``.

Library: transformers 4.57.6 (src/transformers/pipelines/automatic_speech_recognition.py; docs/source/en/model_doc/parakeet.md).
"""

from __future__ import annotations

from typing import Any

from ..audio.cutting import pieces
from ..hugging import library, pretrained, source
from ..options import Options
from ..settings import Settings
from ..transcription import Segment, Transcript, Wish, routes  # noqa: F401
from ..worker import Work

_LONGEST_SECONDS = 30


class Ctc:
    translates = False
    times = frozenset({"segment"})

    def __init__(self, pipeline: Any, rate: int) -> None:
        self._pipeline = pipeline
        self.sample_rate = rate

    def transcribe(self, samples: Any, wish: Wish, work: Work) -> Transcript:
        """In pieces, cut where it is quiet: attention over a whole hour needs more memory than there is."""
        segments = []
        for start, piece in pieces(samples, self.sample_rate, _LONGEST_SECONDS):
            work.check()
            said = self._pipeline({"raw": piece, "sampling_rate": self.sample_rate})["text"].strip()
            if said:
                segments.append(Segment(round(start, 3), round(start + len(piece) / self.sample_rate, 3), said))
        return Transcript(" ".join(segment.text for segment in segments), segments=segments)


def load(options: Options, _: Settings) -> Ctc:
    transformers = library()
    processor = transformers.AutoProcessor.from_pretrained(options.model, **source(options))
    model = pretrained(options, "AutoModelForCTC", places=False)
    listens = transformers.pipeline("automatic-speech-recognition", model=model, tokenizer=processor.tokenizer, feature_extractor=processor.feature_extractor, device=model.device)
    return Ctc(listens, processor.feature_extractor.sampling_rate)
