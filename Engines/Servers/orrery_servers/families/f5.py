"""F5-TTS (SWivid/F5-TTS): it speaks in the voice of a sample; the one that comes with the library where none is sent.

Library: f5-tts 1.1.22 (SWivid/F5-TTS@8acb9f6 src/f5_tts/api.py: ``F5TTS(model, ckpt_file, vocab_file, …)``, ``infer(ref_file, ref_text, gen_text, …)``). Its vocoder
charactr/vocos-mel-24khz is fetched too.
"""

from __future__ import annotations

import os
from importlib.resources import files
from typing import Any, Iterator

from ..audio.cutting import sentences
from ..errors import LoadError, invalid
from ..loading import device_of, files_of, require
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_MODEL = "F5TTS_v1_Base"
_OWN_TEXT = "Some call me nature, others call me mother nature."
_LONGEST_TEXT = 400


class F5(Spoken):
    def __init__(self, model: Any, own: str) -> None:
        super().__init__(model.target_sample_rate, ["basic"], "basic", has_speed=True, copies=True)
        self._model = model
        self._own = own

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        if wish.sample is not None and not wish.sample_text:
            raise invalid("'ref_text' is needed beside 'ref_audio': what is said in the sample.", "ref_text", "missing_required_parameter")
        sample, said = (wish.sample, wish.sample_text) if wish.sample is not None else (self._own, _OWN_TEXT)
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            samples, _, _ = self._model.infer(ref_file=sample, ref_text=said, gen_text=text, show_info=_quiet, progress=None, speed=wish.speed, seed=wish.seed)
            yield samples


def _quiet(*_: object) -> None:
    """The library would print what it is asked to say."""


def load(options: Options) -> F5:
    library = require("f5_tts.api", "f5-tts")
    folder = os.path.join(files_of(options, [f"{_MODEL}/*"]), _MODEL)
    weights = sorted(name for name in os.listdir(folder) if name.endswith(".safetensors")) if os.path.isdir(folder) else []
    if not weights:
        raise LoadError(f"'{options.model}' has no {_MODEL}/model_….safetensors: is it a model for F5-TTS?")
    vocabulary = os.path.join(folder, "vocab.txt")
    model = library.F5TTS(
        model=_MODEL,
        ckpt_file=os.path.join(folder, weights[-1]),
        vocab_file=vocabulary if os.path.exists(vocabulary) else "",
        device=device_of(options),
    )
    return F5(model, str(files("f5_tts").joinpath("infer/examples/basic/basic_ref_en.wav")))
