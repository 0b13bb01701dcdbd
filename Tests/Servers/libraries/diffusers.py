"""Stands in for diffusers 0.38.0 (huggingface/diffusers: ``DiffusionPipeline.from_pretrained``, pipelines for pictures and videos, ``callback_on_step_end``)."""

from __future__ import annotations

from types import SimpleNamespace

import numpy

import _library


class _Pipeline:
    components: dict = {}

    def __init__(self):
        self.vae = SimpleNamespace(enable_tiling=lambda: None)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *, revision=None, torch_dtype=None, variant=None, use_safetensors=None, vae=None):
        _library.load()
        return cls()

    def set_progress_bar_config(self, *, disable):
        pass

    def to(self, device):
        return self

    def enable_model_cpu_offload(self):
        pass

    def _steps(self, count, callback):
        for step in range(count):
            _library.pause()
            callback(self, step, 1000 - step, {})


class AutoPipelineForText2Image(_Pipeline):
    def __call__(self, *, prompt, width=64, height=64, num_inference_steps=3, guidance_scale=5.0, negative_prompt=None, generator=None, callback_on_step_end=None):
        from PIL import Image

        self._steps(num_inference_steps, callback_on_step_end)
        seed = getattr(generator, "seed", None) or 0
        return SimpleNamespace(images=[Image.new("RGB", (width, height), (len(prompt) % 256, seed % 256, 0))])


class _Video(_Pipeline):
    def _film(self, width, height, num_frames, num_inference_steps, callback_on_step_end):
        self._steps(num_inference_steps, callback_on_step_end)
        shade = numpy.linspace(0, 1, num_frames, dtype=numpy.float32).reshape(num_frames, 1, 1, 1)
        return SimpleNamespace(frames=[numpy.broadcast_to(shade, (num_frames, height, width, 3))])


class WanPipeline(_Video):
    def __call__(self, *, prompt, negative_prompt=None, height=480, width=832, num_frames=81, num_inference_steps=50, guidance_scale=5.0, generator=None, output_type="np", callback_on_step_end=None):
        return self._film(width, height, num_frames, num_inference_steps, callback_on_step_end)


class CogVideoXPipeline(WanPipeline):
    pass


class HunyuanVideoPipeline(WanPipeline):
    pass


class LTXPipeline(_Video):
    def __call__(self, *, prompt, negative_prompt=None, height=512, width=704, num_frames=161, frame_rate=25, num_inference_steps=50, guidance_scale=3.0, generator=None, output_type="np", callback_on_step_end=None):
        return self._film(width, height, num_frames, num_inference_steps, callback_on_step_end)


class LTXImageToVideoPipeline(_Video):
    def __call__(self, *, image, prompt, negative_prompt=None, height=512, width=704, num_frames=161, frame_rate=25, num_inference_steps=50, guidance_scale=3.0, generator=None, output_type="np", callback_on_step_end=None):
        assert image.size == (width, height)
        return self._film(width, height, num_frames, num_inference_steps, callback_on_step_end)


class AutoencoderKLWan:
    @staticmethod
    def from_pretrained(pretrained_model_name_or_path, *, subfolder, revision=None, torch_dtype=None):
        assert subfolder == "vae"
        return object()
