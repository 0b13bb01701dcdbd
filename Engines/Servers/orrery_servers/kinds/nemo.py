"""Speech → text by NVIDIA NeMo (Canary, Parakeet TDT).

Library: nemo_toolkit[asr] 2.7.3 (NVIDIA/NeMo, nemo/collections/asr/models/asr_model.py: ``ASRModel.restore_from``; mixins/transcription.py:
``transcribe``, which answers with hypotheses). Examples: the cards of nvidia/canary-1b-v2 and nvidia/parakeet-tdt-0.6b-v3.
"""

from __future__ import annotations

import glob
import os
from typing import Any

from ..audio.cutting import pieces
from ..errors import LoadError
from ..loading import device_of, dtype_of, files_of, require
from ..options import Options
from ..settings import Settings
from ..transcription import Segment, Transcript, Wish, Word, routes  # noqa: F401
from ..worker import Work

_PIECE_SECONDS = 60


class Nemo:
    sample_rate = 16000
    times = frozenset({"segment", "word"})

    def __init__(self, model: Any) -> None:
        self._model = model
        # Models of several tasks (Canary) are told the languages; the others find or know theirs.
        self.translates = type(model).__name__ == "EncDecMultiTaskModel"

    def transcribe(self, samples: Any, wish: Wish, work: Work) -> Transcript:
        segments: list[Segment] = []
        words: list[Word] = []
        for start, piece in pieces(samples, self.sample_rate, _PIECE_SECONDS):
            work.check()
            heard = self._model.transcribe([piece], batch_size=1, timestamps=True, verbose=False, **self._languages(wish))[0]
            times = getattr(heard, "timestamp", None) or {}
            end = start + len(piece) / self.sample_rate
            found = times.get("segment") or ([{"start": 0.0, "end": end - start, "segment": heard.text}] if heard.text.strip() else [])
            segments += [Segment(round(start + said["start"], 3), round(start + said["end"], 3), said["segment"]) for said in found]
            words += [Word(round(start + said["start"], 3), round(start + said["end"], 3), said["word"]) for said in times.get("word") or []]
        return Transcript(" ".join(segment.text.strip() for segment in segments), wish.language, segments, words)

    def _languages(self, wish: Wish) -> dict[str, str]:
        if not self.translates:
            return {}
        spoken = wish.language or "en"
        return {"source_lang": spoken, "target_lang": "en" if wish.task == "translate" else spoken}


def load(options: Options, _: Settings) -> Nemo:
    asr = require("nemo.collections.asr", "nemo_toolkit[asr]")
    folder = files_of(options, ["*.nemo"])
    found = sorted(glob.glob(os.path.join(folder, "*.nemo")))
    if not found:
        raise LoadError(f"'{options.model}' has no .nemo file: is it a model for NeMo?")
    torch, device = require("torch"), device_of(options)
    model = asr.models.ASRModel.restore_from(restore_path=found[0], map_location=torch.device(device)).eval()
    kind = dtype_of(options, None)
    return Nemo(model if kind is None else model.to(kind))
