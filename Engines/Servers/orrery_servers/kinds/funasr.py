"""Speech → text by FunASR (SenseVoice).

Library: funasr 1.3.26 (modelscope/FunASR; FunAudioLLM/SenseVoice README: ``AutoModel``, ``generate``, ``rich_transcription_postprocess``). Its own detector of
speech would fetch a second model, so long recordings are cut here, where it is quiet.
"""

from __future__ import annotations

from typing import Any

from ..audio.cutting import pieces
from ..errors import invalid
from ..loading import device_of, files_of, require
from ..options import Options
from ..settings import Settings
from ..transcription import Segment, Transcript, Wish, routes  # noqa: F401
from ..worker import Work

_LANGUAGES = ("auto", "zh", "en", "yue", "ja", "ko", "nospeech")
_PIECE_SECONDS = 30


class FunAsr:
    sample_rate = 16000
    translates = False
    times = frozenset({"segment"})

    def __init__(self, model: Any, clean: Any) -> None:
        self._model = model
        self._clean = clean

    def transcribe(self, samples: Any, wish: Wish, work: Work) -> Transcript:
        language = wish.language or "auto"
        if language not in _LANGUAGES:
            raise invalid(f"'language' is '{language}'; this model knows {', '.join(_LANGUAGES)}.", "language")
        segments = []
        for start, piece in pieces(samples, self.sample_rate, _PIECE_SECONDS):
            work.check()
            said = self._model.generate(input=piece, fs=self.sample_rate, cache={}, language=language, use_itn=True, batch_size_s=60)[0]["text"]
            text = self._clean(said).strip()
            if text:
                segments.append(Segment(round(start, 3), round(start + len(piece) / self.sample_rate, 3), text))
        return Transcript(" ".join(segment.text for segment in segments), wish.language, segments)


def load(options: Options, _: Settings) -> FunAsr:
    funasr = require("funasr")
    clean = require("funasr.utils.postprocess_utils", "funasr").rich_transcription_postprocess
    model = funasr.AutoModel(model=files_of(options), device=device_of(options), disable_update=True, trust_remote_code=options.trust_remote_code)
    return FunAsr(model, clean)
