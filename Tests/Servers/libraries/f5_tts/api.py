"""Stands in for f5-tts 1.1.22 (SWivid/F5-TTS src/f5_tts/api.py ``F5TTS``)."""

import os

import _library


class F5TTS:
    target_sample_rate = 24000

    def __init__(self, model="F5TTS_v1_Base", ckpt_file="", vocab_file="", ode_method="euler", use_ema=True, vocoder_local_path=None, device=None, hf_cache_dir=None):
        assert os.path.exists(ckpt_file) and os.path.exists(vocab_file)

    def infer(self, ref_file, ref_text, gen_text, show_info=print, progress=None, target_rms=0.1, cross_fade_duration=0.15, nfe_step=32, speed=1.0, fix_duration=None, seed=None):
        assert os.path.exists(ref_file) and ref_text
        return _library.say(gen_text, int(24000 / speed)), 24000, None
