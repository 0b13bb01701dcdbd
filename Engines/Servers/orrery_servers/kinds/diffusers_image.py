"""Pictures from texts by diffusers (Stable Diffusion XL): /v1/images/generations.

Library: diffusers 0.38.0 (huggingface/diffusers; ``AutoPipelineForText2Image``, ``callback_on_step_end``).
"""

from __future__ import annotations

import base64
import io
from typing import Any

from ..errors import Cancelled
from ..images import Wish, routes  # noqa: F401
from ..loading import device_of, dtype_of, require
from ..options import Options
from ..settings import Settings
from ..worker import Work


class DiffusersImage:
    multiple = 8

    def __init__(self, pipeline: Any, device: str) -> None:
        self._pipeline = pipeline
        self._device = device

    def draw(self, wish: Wish, work: Work) -> list[str]:
        torch = require("torch")
        more: dict[str, Any] = {name: value for name, value in (("num_inference_steps", wish.steps), ("guidance_scale", wish.guidance), ("negative_prompt", wish.negative_prompt)) if value is not None}
        if wish.size is not None:
            more["width"], more["height"] = wish.size
        pictures = []
        for number in range(wish.count):  # One by one: a batch of ten needs ten times the memory.
            work.check()
            if wish.seed is not None:
                more["generator"] = torch.Generator(self._device).manual_seed(wish.seed + number)
            made = self._pipeline(prompt=wish.prompt, callback_on_step_end=_checked(work), **more).images[0]
            pictures.append(_written(made, wish.format))
        return pictures


def _checked(work: Work) -> Any:
    def step_ended(pipeline: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
        if work.is_cancelled:
            raise Cancelled
        return values

    return step_ended


def _written(picture: Any, format: str) -> str:
    file = io.BytesIO()
    picture.save(file, format=format.upper())
    return base64.b64encode(file.getvalue()).decode("ascii")


def load(options: Options, _: Settings) -> DiffusersImage:
    diffusers, device = require("diffusers"), device_of(options)
    torch = require("torch")
    kind = dtype_of(options, torch.float16 if device == "cuda" else torch.float32)
    known = {"revision": options.revision, "torch_dtype": kind, "use_safetensors": True}
    choose = diffusers.AutoPipelineForText2Image.from_pretrained
    try:
        pipeline = choose(options.model, variant="fp16" if kind == torch.float16 else None, **known)
    except (OSError, ValueError) as error:
        if "variant" not in str(error) and "fp16" not in str(error):
            raise
        pipeline = choose(options.model, **known)  # The repository has one form of the weights only.
    pipeline.set_progress_bar_config(disable=True)
    return DiffusersImage(pipeline.to(device), device)
