"""Stands in for piper-tts 1.8.0 (OHF-Voice/piper1-gpl src/piper/voice.py ``PiperVoice``, src/piper/config.py ``SynthesisConfig``)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from types import SimpleNamespace

import _library


@dataclass
class SynthesisConfig:
    speaker_id: int | None = None
    length_scale: float | None = None
    noise_scale: float | None = None
    noise_w_scale: float | None = None
    normalize_audio: bool = True
    volume: float = 1.0


class PiperVoice:
    def __init__(self):
        self.config = SimpleNamespace(sample_rate=22050, length_scale=1.0)

    @staticmethod
    def load(model_path, config_path=None, use_cuda=False):
        assert os.path.exists(model_path) and os.path.exists(f"{model_path}.json")
        return PiperVoice()

    def synthesize(self, text, syn_config=None, include_alignments=False):
        samples = _library.say(text, int(22050 * syn_config.length_scale))
        yield SimpleNamespace(sample_rate=22050, sample_width=2, sample_channels=1, audio_float_array=samples)
