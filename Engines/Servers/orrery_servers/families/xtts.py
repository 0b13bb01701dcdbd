"""XTTS (coqui/XTTS-v2).

Library: coqui-tts 0.27.5 (idiap/coqui-ai-TTS TTS/tts/models/xtts.py: ``Xtts.init_from_config``, ``load_checkpoint(config, checkpoint_dir, …)``, ``get_conditioning_latents``,
``inference(text, language, gpt_cond_latent, speaker_embedding, …)``; ``speaker_manager.speakers`` are the voices of speakers_xtts.pth).
"""

from __future__ import annotations

import os
from typing import Any, Iterator

from ..audio.cutting import sentences
from ..errors import invalid
from ..loading import device_of, files_of, require, seed
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_USUAL = "Claribel Dervla"
_LONGEST_TEXT = 240


class Xtts(Spoken):
    def __init__(self, model: Any, config: Any) -> None:
        self._speakers: dict[str, dict[str, Any]] = model.speaker_manager.speakers if model.speaker_manager is not None else {}
        voices = sorted(self._speakers)
        super().__init__(24000, voices, _USUAL if _USUAL in voices else next(iter(voices), ""), has_speed=True, copies=True)
        self._model = model
        self._languages: list[str] = list(config.languages)

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        language = wish.language or "en"
        if language not in self._languages:
            raise invalid(f"'language' is '{language}'; this model's are {', '.join(self._languages)}.", "language")
        seed(wish.seed)
        latent, who = self._voice(wish)
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            yield self._model.inference(text, language, latent, who, speed=wish.speed)["wav"]

    def _voice(self, wish: Wish) -> tuple[Any, Any]:
        if wish.sample is not None:
            return self._model.get_conditioning_latents(audio_path=[wish.sample])
        if wish.voice not in self._speakers:
            raise invalid("This model speaks in the voice of a sample: send 'ref_audio' (a data: URL).", "ref_audio", "missing_required_parameter")
        speaker = self._speakers[wish.voice]
        return speaker["gpt_cond_latent"], speaker["speaker_embedding"]


def load(options: Options) -> Xtts:
    configs = require("TTS.tts.configs.xtts_config", "coqui-tts")
    models = require("TTS.tts.models.xtts", "coqui-tts")
    folder = files_of(options, ["config.json", "model.pth", "vocab.json", "speakers_xtts.pth"])
    config = configs.XttsConfig()
    config.load_json(os.path.join(folder, "config.json"))
    model = models.Xtts.init_from_config(config)
    model.load_checkpoint(config, checkpoint_dir=folder, use_deepspeed=False)
    return Xtts(model.to(device_of(options)), config)
