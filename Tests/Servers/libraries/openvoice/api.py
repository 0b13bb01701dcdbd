"""Stands in for OpenVoice (myshell-ai/OpenVoice openvoice/api.py ``ToneColorConverter``)."""

import os
import wave
from types import SimpleNamespace

import numpy


class ToneColorConverter:
    def __init__(self, config_path, device="cuda:0", enable_watermark=True):
        assert os.path.exists(config_path)
        self.hps = SimpleNamespace(data=SimpleNamespace(sampling_rate=44100))

    def load_ckpt(self, ckpt_path):
        assert os.path.exists(ckpt_path)

    def extract_se(self, ref_wav_list, se_save_path=None):
        return "copied"

    def convert(self, audio_src_path, src_se, tgt_se, output_path=None, tau=0.3, message="default"):
        with wave.open(audio_src_path, "rb") as file:
            return numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(numpy.float32) / 32768
