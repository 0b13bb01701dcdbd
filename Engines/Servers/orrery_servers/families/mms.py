"""MMS (facebook/mms-tts-…): a repository a language, one voice each.

Library: transformers 4.57.6 (docs/source/en/model_doc/mms.md and vits.md: ``VitsModel`` with ``speaking_rate``, ``AutoTokenizer``).
"""

from __future__ import annotations

from typing import Any, Iterator

from ..audio.cutting import sentences
from ..hugging import library, pretrained, source
from ..loading import require, seed
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_LONGEST_TEXT = 400


class Mms(Spoken):
    def __init__(self, model: Any, tokenizer: Any) -> None:
        super().__init__(model.config.sampling_rate, has_speed=True)
        self._model = model
        self._tokenizer = tokenizer

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        seed(wish.seed)
        self._model.speaking_rate = wish.speed
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            inputs = self._tokenizer(text, return_tensors="pt").to(self._model.device)
            if inputs["input_ids"].shape[-1] == 0:
                continue  # Nothing of it is in the language's letters.
            with require("torch").inference_mode():
                yield self._model(**inputs).waveform[0].float().cpu().numpy()


def load(options: Options) -> Mms:
    tokenizer = library().AutoTokenizer.from_pretrained(options.model, **source(options))
    return Mms(pretrained(options, "VitsModel", places=False), tokenizer)
