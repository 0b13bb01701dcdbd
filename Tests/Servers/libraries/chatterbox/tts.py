"""Stands in for chatterbox-tts 0.1.7 (resemble-ai/chatterbox src/chatterbox/tts.py ``ChatterboxTTS``)."""

import _library
import torch


class ChatterboxTTS:
    sr = 24000
    conds = "own"

    @classmethod
    def from_local(cls, ckpt_dir, device):
        return cls()

    def prepare_conditionals(self, wav_fpath, exaggeration=0.5):
        open(wav_fpath, "rb").close()
        self.conds = "copied"

    def generate(self, text, repetition_penalty=1.2, min_p=0.05, top_p=1.0, audio_prompt_path=None, exaggeration=0.5, cfg_weight=0.5, temperature=0.8):
        return torch.Tensor([_library.say(text, self.sr)])
