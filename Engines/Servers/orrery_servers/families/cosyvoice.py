"""CosyVoice 2 (FunAudioLLM/CosyVoice2-0.5B): it speaks in the voice of a sample (``ref_audio``, and ``ref_text`` for what is said in it).

Library: FunAudioLLM/CosyVoice, of which there is no release on PyPI (cosyvoice/cli/cosyvoice.py: ``CosyVoice2``, ``inference_zero_shot``, ``inference_cross_lingual``,
``inference_instruct2``, ``inference_sft``). Newer copies take the sample as a file, older ones as sound.
"""

from __future__ import annotations

import inspect
from typing import Any, Iterator

from ..errors import invalid
from ..loading import device_of, files_of, require
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work


class CosyVoice(Spoken):
    def __init__(self, model: Any) -> None:
        voices = list(model.list_available_spks())
        super().__init__(model.sample_rate, voices, voices[0] if voices else "", has_speed=True, copies=True)
        self._model = model

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        for made in self._say(wish):
            work.check()
            yield made["tts_speech"].squeeze(0).float().cpu().numpy()

    def _say(self, wish: Wish) -> Any:
        if wish.sample is None:
            if not self.voices:
                raise invalid("This model speaks in the voice of a sample: send 'ref_audio' (a data: URL), and what is said in it as 'ref_text'.", "ref_audio", "missing_required_parameter")
            return self._model.inference_sft(wish.text, wish.voice, stream=False, speed=wish.speed)
        sample = self._sample(wish.sample)
        if wish.instructions:
            return self._model.inference_instruct2(wish.text, wish.instructions, sample, stream=False, speed=wish.speed)
        if wish.sample_text:
            return self._model.inference_zero_shot(wish.text, wish.sample_text, sample, stream=False, speed=wish.speed)
        return self._model.inference_cross_lingual(wish.text, sample, stream=False, speed=wish.speed)

    def _sample(self, path: str) -> Any:
        if "prompt_speech_16k" not in inspect.signature(self._model.inference_zero_shot).parameters:
            return path
        return require("cosyvoice.utils.file_utils", "cosyvoice").load_wav(path, 16000)


def load(options: Options) -> CosyVoice:
    library = require("cosyvoice.cli.cosyvoice", "cosyvoice")
    return CosyVoice(library.CosyVoice2(files_of(options), load_jit=False, load_trt=False, fp16=options.dtype == "float16" and device_of(options) == "cuda"))
