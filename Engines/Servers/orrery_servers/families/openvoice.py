"""OpenVoice V2 (myshell-ai/OpenVoiceV2): MeloTTS speaks, and the voice of a sample is laid over it.

Libraries: myshell-ai/OpenVoice, of which there is no release on PyPI (openvoice/api.py@782971e: ``ToneColorConverter(config_path, device, enable_watermark)``, ``load_ckpt``,
``extract_se``, ``convert``), and MeloTTS (melo/api.py ``TTS``). The repository has converter/ and base_speakers/ses/VOICE.pth.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any, Iterator

from ..audio.cutting import sentences
from ..loading import device_of, files_of, require
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_LONGEST_TEXT = 500


class OpenVoice(Spoken):
    def __init__(self, base: Any, converter: Any, folder: str, device: str) -> None:
        self._speakers: dict[str, int] = dict(base.hps.data.spk2id.items())
        default = "EN-Newest" if "EN-Newest" in self._speakers else next(iter(self._speakers))
        super().__init__(converter.hps.data.sampling_rate, list(self._speakers), default, has_speed=True, copies=True)
        self._base = base
        self._converter = converter
        self._folder = folder
        self._device = device

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        torch = require("torch")
        own = torch.load(os.path.join(self._folder, "base_speakers", "ses", f"{_file_of(wish.voice)}.pth"), map_location=self._device, weights_only=True)
        wanted = own if wish.sample is None else self._converter.extract_se([wish.sample])
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            with tempfile.NamedTemporaryFile(suffix=".wav", prefix="orrery-voice-") as file:
                self._base.tts_to_file(text, self._speakers[wish.voice], file.name, speed=wish.speed, quiet=True)
                yield self._converter.convert(audio_src_path=file.name, src_se=own, tgt_se=wanted)


def _file_of(voice: str) -> str:
    return voice.lower().replace("_", "-")


def load(options: Options) -> OpenVoice:
    melo, library = require("melo.api", "melotts"), require("openvoice.api", "openvoice")
    folder, device = files_of(options), device_of(options)
    converter = library.ToneColorConverter(os.path.join(folder, "converter", "config.json"), device=device)
    converter.load_ckpt(os.path.join(folder, "converter", "checkpoint.pth"))
    return OpenVoice(melo.TTS(language="EN_NEWEST", device=device), converter, folder, device)
