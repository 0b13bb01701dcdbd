"""Chatterbox (ResembleAI/chatterbox). All that it says carries an inaudible watermark.

Library: chatterbox-tts 0.1.7 (resemble-ai/chatterbox src/chatterbox/tts.py: ``ChatterboxTTS.from_local``, ``generate(text, repetition_penalty, min_p, top_p,
audio_prompt_path, exaggeration, cfg_weight, temperature)``).
"""

from __future__ import annotations

from typing import Any, Iterator

from ..audio.cutting import sentences
from ..loading import device_of, files_of, require, seed
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_LONGEST_TEXT = 300


class Chatterbox(Spoken):
    def __init__(self, model: Any) -> None:
        super().__init__(model.sr, ["default"], "default", copies=True)
        self._model = model
        self._own = model.conds

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        seed(wish.seed)
        self._model.conds = self._own
        if wish.sample is not None:
            self._model.prepare_conditionals(wish.sample)
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            yield self._model.generate(text).squeeze(0).float().cpu().numpy()


def load(options: Options) -> Chatterbox:
    library = require("chatterbox.tts", "chatterbox-tts")
    folder = files_of(options, ["ve.safetensors", "t3_cfg.safetensors", "s3gen.safetensors", "tokenizer.json", "conds.pt"])
    return Chatterbox(library.ChatterboxTTS.from_local(folder, device_of(options)))
