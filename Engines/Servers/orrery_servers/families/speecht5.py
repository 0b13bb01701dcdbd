"""SpeechT5 (microsoft/speecht5_tts), with its vocoder microsoft/speecht5_hifigan, which is fetched too.

Library: transformers 4.57.6 (docs/source/en/model_doc/speecht5.md: ``SpeechT5ForTextToSpeech.generate_speech``, ``SpeechT5HifiGan``). A voice is a vector of 512 numbers: a
file VOICE.npy beside the weights, or else one that is made of the voice's number, always the same.
"""

from __future__ import annotations

import glob
import os
from typing import Any, Iterator

import numpy

from ..audio.cutting import sentences
from ..hugging import library, pretrained, source
from ..loading import device_of, files_of, require, seed
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_VOCODER = "microsoft/speecht5_hifigan"
_LONGEST_TEXT = 400
_NUMBERED = 8


class SpeechT5(Spoken):
    def __init__(self, model: Any, processor: Any, vocoder: Any, files: dict[str, str]) -> None:
        voices = sorted(files) or [f"voice-{number}" for number in range(1, _NUMBERED + 1)]
        super().__init__(16000, voices, voices[0])
        self._model = model
        self._processor = processor
        self._vocoder = vocoder
        self._files = files

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        seed(wish.seed)
        torch = require("torch")
        who = torch.from_numpy(self._vector(wish.voice)).to(self._model.device, self._model.dtype)
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            inputs = self._processor(text=text, return_tensors="pt").to(self._model.device)
            with torch.inference_mode():
                yield self._model.generate_speech(inputs["input_ids"], who, vocoder=self._vocoder).float().cpu().numpy()

    def _vector(self, voice: str) -> Any:
        if voice in self._files:
            return numpy.load(self._files[voice], allow_pickle=False).astype(numpy.float32).reshape(1, 512)
        made = numpy.random.default_rng(self.voices.index(voice)).standard_normal(512).astype(numpy.float32)
        return (made / numpy.linalg.norm(made)).reshape(1, 512)  # Speakers' vectors are one long.


def load(options: Options) -> SpeechT5:
    transformers = library()
    processor = transformers.AutoProcessor.from_pretrained(options.model, **source(options))
    model = pretrained(options, "SpeechT5ForTextToSpeech", places=False)
    vocoder = transformers.SpeechT5HifiGan.from_pretrained(_VOCODER).to(device_of(options), model.dtype).eval()
    folder = files_of(options, ["*.npy"])
    return SpeechT5(model, processor, vocoder, {os.path.basename(path).removesuffix(".npy"): path for path in glob.glob(os.path.join(folder, "*.npy"))})
