"""Stands in for snac 1.2.1 (hubertsiuzdak/snac snac/snac.py ``SNAC``). A frame is 2,048 samples."""

import _library
import torch


class SNAC:
    @classmethod
    def from_pretrained(cls, repo_id):
        return cls()

    def eval(self):
        return self

    def to(self, device):
        return self

    def parameters(self):
        return iter([torch.Tensor([0.0])])

    def decode(self, codes):
        frames = codes[0].shape[1]
        assert [layer.shape for layer in codes] == [(1, frames), (1, frames * 2), (1, frames * 4)]
        return torch.Tensor([[_library.say("one two three four five six seven", 24000)[: frames * 2048]]])
