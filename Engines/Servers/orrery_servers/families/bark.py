"""Bark (suno/bark).

Library: transformers 4.57.6 (docs/source/en/model_doc/bark.md: ``AutoProcessor`` with ``voice_preset``, ``BarkModel.generate``). It speaks some 13 seconds at a time:
longer texts are spoken sentence by sentence.
"""

from __future__ import annotations

from typing import Any, Iterator

from ..audio.cutting import sentences
from ..hugging import library, pretrained, source
from ..loading import require, seed
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_LANGUAGES = ("en", "de", "es", "fr", "hi", "it", "ja", "ko", "pl", "pt", "ru", "tr", "zh")
_LONGEST_TEXT = 180


class Bark(Spoken):
    def __init__(self, model: Any, processor: Any) -> None:
        voices = [f"v2/{language}_speaker_{number}" for language in _LANGUAGES for number in range(10)]
        super().__init__(model.generation_config.sample_rate, voices, "v2/en_speaker_6")
        self._model = model
        self._processor = processor

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        seed(wish.seed)
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            inputs = self._processor(text, voice_preset=wish.voice).to(self._model.device)
            with require("torch").inference_mode():
                yield self._model.generate(**inputs, do_sample=True).float().cpu().numpy().squeeze()


def load(options: Options) -> Bark:
    processor = library().AutoProcessor.from_pretrained(options.model, **source(options))
    return Bark(pretrained(options, "BarkModel", places=False), processor)
