"""Stands in for FunAudioLLM/CosyVoice (cosyvoice/cli/cosyvoice.py ``CosyVoice2``, as of 2025)."""

import _library
import torch


class CosyVoice2:
    sample_rate = 24000

    def __init__(self, model_dir, load_jit=False, load_trt=False, load_vllm=False, fp16=False, trt_concurrent=1):
        pass

    def list_available_spks(self):
        return []

    def inference_zero_shot(self, tts_text, prompt_text, prompt_speech_16k, zero_shot_spk_id="", stream=False, speed=1.0, text_frontend=True):
        assert prompt_speech_16k.shape[0] == 1
        yield {"tts_speech": torch.Tensor([_library.say(tts_text, self.sample_rate)])}

    def inference_cross_lingual(self, tts_text, prompt_speech_16k, zero_shot_spk_id="", stream=False, speed=1.0, text_frontend=True):
        return self.inference_zero_shot(tts_text, "", prompt_speech_16k)

    def inference_instruct2(self, tts_text, instruct_text, prompt_speech_16k, zero_shot_spk_id="", stream=False, speed=1.0, text_frontend=True):
        return self.inference_zero_shot(tts_text, "", prompt_speech_16k)
