"""Stands in for MeloTTS (myshell-ai/MeloTTS melo/api.py ``TTS``)."""

import wave
from types import SimpleNamespace

import numpy

import _library


class TTS:
    def __init__(self, language, device="auto", use_hf=True, config_path=None, ckpt_path=None):
        names = ["EN-Newest"] if language == "EN_NEWEST" else ["EN-US", "EN-BR"]
        data = SimpleNamespace(spk2id={name: number for number, name in enumerate(names)}, sampling_rate=44100)
        self.hps = SimpleNamespace(data=data)

    def tts_to_file(self, text, speaker_id, output_path=None, sdp_ratio=0.2, noise_scale=0.6, noise_scale_w=0.8, speed=1.0, pbar=None, format=None, position=None, quiet=False):
        assert isinstance(speaker_id, int)
        samples = _library.say(text, int(44100 / speed))
        if output_path is None:
            return samples
        with wave.open(output_path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(44100)
            file.writeframes((samples * 32767).astype(numpy.int16).tobytes())
