"""Piper (rhasspy/piper-voices): a file a voice, ``LANGUAGE/LANGUAGE_REGION/NAME/QUALITY/VOICE.onnx``.

Library: piper-tts 1.8.0 (OHF-Voice/piper1-gpl@002729a src/piper/voice.py ``PiperVoice.load``, ``synthesize``; src/piper/config.py ``SynthesisConfig``).
"""

from __future__ import annotations

import glob
import os
from typing import Any, Iterator

import numpy

from ..errors import LoadError
from ..loading import device_of, files_of, require
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_USUAL = "en_US-lessac-medium"


class Piper(Spoken):
    def __init__(self, library: Any, voice: Any, files: dict[str, str], default: str, on_gpu: bool) -> None:
        super().__init__(voice.config.sample_rate, sorted(files), default, has_speed=True)
        self._library = library
        self._files = files
        self._loaded = {default: voice}
        self._on_gpu = on_gpu

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        voice = self._voice(wish.voice)
        how = self._library.SynthesisConfig(length_scale=(voice.config.length_scale or 1.0) / wish.speed)
        for chunk in voice.synthesize(wish.text, syn_config=how):
            work.check()
            yield _at_rate(chunk.audio_float_array, chunk.sample_rate, self.sample_rate)

    def _voice(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self._library.PiperVoice.load(self._files[name], use_cuda=self._on_gpu)
        return self._loaded[name]


def _at_rate(samples: Any, rate: int, wanted: int) -> Any:
    """Voices of other qualities have other rates; one server answers with one."""
    if rate == wanted:
        return samples
    at = numpy.arange(int(len(samples) * wanted / rate)) * rate / wanted
    return numpy.interp(at, numpy.arange(len(samples)), samples)


def load(options: Options) -> Piper:
    library = require("piper", "piper-tts")
    wanted = options["default_voice"] or _USUAL
    folder = files_of(options, [f"{_folder_of(wanted)}/*", "*.onnx", "*.onnx.json"] if _folder_of(wanted) else None)
    files = {os.path.basename(path).removesuffix(".onnx"): path for path in glob.glob(os.path.join(folder, "**", "*.onnx"), recursive=True)}
    if not files:
        raise LoadError(f"'{options.model}' has no voice (VOICE.onnx beside VOICE.onnx.json); is --default-voice one of its voices?")
    default = wanted if wanted in files else sorted(files)[0]
    on_gpu = device_of(options) == "cuda" if options.device != "auto" else False
    return Piper(library, library.PiperVoice.load(files[default], use_cuda=on_gpu), files, default, on_gpu)


def _folder_of(voice: str) -> str | None:
    """Where ``en_US-lessac-medium`` lies: fetching all voices would be fetching many gigabytes."""
    parts = voice.split("-")
    return f"{parts[0].split('_')[0]}/{parts[0]}/{parts[1]}/{parts[2]}" if len(parts) == 3 else None
