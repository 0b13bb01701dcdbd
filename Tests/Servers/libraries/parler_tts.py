"""Stands in for parler-tts 0.2.3 (huggingface/parler-tts ``ParlerTTSForConditionalGeneration``)."""

from types import SimpleNamespace

import _library
import torch
import transformers


class ParlerTTSForConditionalGeneration:
    device = torch.device("cpu")
    config = SimpleNamespace(sampling_rate=44100)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *, revision="main", torch_dtype=None):
        return cls()

    def to(self, device):
        return self

    def eval(self):
        return self

    def generate(self, *, input_ids, attention_mask, prompt_input_ids, prompt_attention_mask):
        return torch.Tensor([_library.say(transformers._decode(prompt_input_ids[0].tolist()), 44100)])
