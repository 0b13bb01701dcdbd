"""MeloTTS (myshell-ai/MeloTTS-…): a repository a language.

Library: melotts 0.1.2 (myshell-ai/MeloTTS@f0ceffc melo/api.py: ``TTS(language, device, config_path, ckpt_path)``, ``tts_to_file`` without a path answers with the samples;
``hps.data.spk2id``).
"""

from __future__ import annotations

import os
from typing import Any, Iterator

from ..audio.cutting import sentences
from ..errors import LoadError
from ..loading import device_of, files_of, require
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

LANGUAGES = {"english": "EN", "french": "FR", "japanese": "JP", "spanish": "ES", "chinese": "ZH", "korean": "KR"}
_LONGEST_TEXT = 500


class Melo(Spoken):
    def __init__(self, model: Any) -> None:
        self._speakers: dict[str, int] = dict(model.hps.data.spk2id.items())
        super().__init__(model.hps.data.sampling_rate, list(self._speakers), next(iter(self._speakers)), has_speed=True)
        self._model = model

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            yield self._model.tts_to_file(text, self._speakers[wish.voice], speed=wish.speed, quiet=True)


def load(options: Options) -> Melo:
    library, folder = require("melo.api", "melotts"), files_of(options, ["config.json", "checkpoint.pth"])
    name = os.path.basename(options.model.rstrip("/")).lower()
    language = next((code for word, code in LANGUAGES.items() if word in name), None)
    if language is None:
        raise LoadError(f"'{options.model}' does not say its language; a repository of MeloTTS is named MeloTTS-{', -'.join(word.title() for word in LANGUAGES)}.")
    return Melo(library.TTS(language=language, device=device_of(options), config_path=os.path.join(folder, "config.json"), ckpt_path=os.path.join(folder, "checkpoint.pth")))
