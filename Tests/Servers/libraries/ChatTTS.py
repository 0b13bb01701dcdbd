"""Stands in for ChatTTS 0.2.5 (2noise/ChatTTS ChatTTS/core.py ``Chat``)."""

from __future__ import annotations

from dataclasses import dataclass

import _library


class Chat:
    @dataclass
    class RefineTextParams:
        prompt: str = ""
        show_tqdm: bool = True
        manual_seed: int | None = None

    @dataclass
    class InferCodeParams:
        prompt: str = "[speed_5]"
        spk_emb: str | None = None
        show_tqdm: bool = True
        manual_seed: int | None = None

    def load(self, source="local", force_redownload=False, compile=False, custom_path=None, device=None):
        assert source == "custom" and custom_path
        return True

    def sample_random_speaker(self):
        return "speaker"

    def infer(self, text, stream=False, lang=None, skip_refine_text=False, params_refine_text=None, params_infer_code=None):
        assert params_infer_code.spk_emb == "speaker"
        return [_library.say(one, 24000) for one in text]
