"""Stands in for zonos 0.1.0 (Zyphra/Zonos zonos/model.py ``Zonos``)."""

from types import SimpleNamespace

import _library
import torch


class Zonos:
    device = torch.device("cpu")

    def __init__(self):
        self.autoencoder = SimpleNamespace(sampling_rate=44100, decode=lambda codes: torch.Tensor([[_library.say(codes, 44100)]]))

    @classmethod
    def from_pretrained(cls, repo_id, revision=None, device="cpu"):
        return cls()

    def eval(self):
        return self

    def make_speaker_embedding(self, wav, sr):
        assert wav.shape[0] == 1 and sr == 44100
        return "copied"

    def prepare_conditioning(self, cond_dict, uncond_dict=None):
        return cond_dict["text"]

    def generate(self, prefix_conditioning, audio_prefix_codes=None, max_new_tokens=86 * 30, cfg_scale=2.0, batch_size=1, sampling_params=None, progress_bar=True, callback=None):
        assert callback(None, 1, max_new_tokens)
        return prefix_conditioning
