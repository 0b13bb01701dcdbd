"""Stands in for kokoro 0.9.4 (hexgrad/kokoro kokoro/pipeline.py ``KPipeline``, kokoro/model.py ``KModel``)."""

from __future__ import annotations

import os
from types import SimpleNamespace

import _library
import torch


class KModel:
    def __init__(self, repo_id=None, config=None, model=None, disable_complex=False):
        assert os.path.exists(config) and os.path.exists(model)

    def to(self, device):
        return self

    def eval(self):
        return self


class KPipeline:
    def __init__(self, lang_code, repo_id=None, model=True, trf=False, en_callable=None, device=None):
        assert lang_code in "abefhijpz" and isinstance(model, KModel)

    def __call__(self, text, voice=None, speed=1, split_pattern=r"\n+", model=None):
        assert voice.endswith(".pt") and os.path.exists(voice)
        for line in text.split("\n"):
            samples = _library.say(line, int(24000 / speed))
            yield SimpleNamespace(graphemes=line, phonemes="", audio=torch.Tensor(samples))
