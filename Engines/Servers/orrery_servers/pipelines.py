"""What diffusers' pipelines for videos want: each has its own number of frames, its own sizes, its own pace.

Library: diffusers 0.38.0 (huggingface/diffusers docs/source/en/api/pipelines/{cogvideox,hunyuan_video,ltx_video,wan}.md; ``callback_on_step_end``).
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Any, Callable

import numpy

from .audio.decoding import _ffmpeg
from .errors import ApiError, Cancelled, LoadError, invalid
from .fields import Fields
from .images import size_of
from .jobs import Plan, Wish
from .loading import device_of, dtype_of, require
from .options import Options
from .settings import Settings
from .worker import Work

_LONGEST_SIDE = 1920

_LINES = {"360p": 360, "480p": 480, "540p": 540, "720p": 720, "768p": 768, "1080p": 1080}
_RATIOS = {"16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1), "4:3": (4, 3), "3:4": (3, 4), "21:9": (21, 9)}


@dataclass(frozen=True)
class Profile:
    fps: int
    frames: int
    """As many as the model was taught."""
    step: int
    """Frames come as a multiple of it and one more."""
    multiple: int
    """Of which width and height must be."""
    size: tuple[int, int]
    steps: int = 50
    fixed_size: bool = False
    with_picture: str | None = None
    """The pipeline that begins with a picture."""
    vae: str | None = None
    """Its own class, where the decoder must compute in 32 bits."""
    says_fps: str | None = None
    """The argument in which it wants to know how fast the frames come."""


PROFILES = {
    "CogVideoXPipeline": Profile(fps=8, frames=49, step=8, multiple=16, size=(720, 480), fixed_size=True),
    "HunyuanVideoPipeline": Profile(fps=15, frames=61, step=4, multiple=16, size=(1280, 720)),
    "LTXPipeline": Profile(fps=24, frames=161, step=8, multiple=32, size=(704, 480), with_picture="LTXImageToVideoPipeline", says_fps="frame_rate"),
    "WanPipeline": Profile(fps=16, frames=81, step=4, multiple=16, size=(832, 480), vae="AutoencoderKLWan"),
}

_OTHER = Profile(fps=16, frames=49, step=4, multiple=16, size=(832, 480))


class Filmer:
    def __init__(self, pipeline: Any, from_picture: Any, profile: Profile, device: str, max_seconds: int | None) -> None:
        self._pipeline = pipeline
        self._from_picture = from_picture
        self._profile = profile
        self._device = device
        self._max_seconds = max_seconds

    def size_of(self, fields: Fields) -> tuple[int, int] | None:
        name = "resolution" if fields.has("resolution") else "size"
        said = fields.text(name, None, 40)
        ratio = fields.text("aspect_ratio", None, 20)
        if ratio is not None and ratio not in _RATIOS:
            raise invalid(f"'aspect_ratio' is '{ratio}'; it is one of {', '.join(_RATIOS)}.", "aspect_ratio")
        if said in (None, "auto") and ratio is None:
            return None
        if said in _LINES or said in (None, "auto"):
            size = self._shaped(_LINES.get(said or "", min(self._profile.size)), ratio or "16:9")
        else:
            size = size_of(str(said), name, self._profile.multiple, _LONGEST_SIDE)
        if self._profile.fixed_size and size != self._profile.size:
            raise invalid(f"This model makes videos of {self._profile.size[0]}x{self._profile.size[1]} only; leave out the size.", name, "unsupported_value")
        return size

    def _shaped(self, lines: int, ratio: str) -> tuple[int, int]:
        """The shorter side has so many lines; both as the model needs them."""
        if self._profile.fixed_size:
            return self._profile.size
        wide, high = _RATIOS[ratio]
        unit, multiple = lines / min(wide, high), self._profile.multiple
        width, height = (max(multiple, round(side * unit / multiple) * multiple) for side in (wide, high))
        return width, height

    def plan(self, wish: Wish) -> Plan:
        profile = self._profile
        if wish.picture is not None and self._from_picture is None:
            raise invalid("This model begins with no picture; leave out 'input_reference'.", "input_reference", "unsupported_parameter")
        fps = wish.fps or profile.fps
        frames = wish.frames or (profile.frames if wish.seconds is None else round(wish.seconds * fps))
        frames = max(1, round((frames - 1) / profile.step)) * profile.step + 1
        longest = self._max_seconds or max(1, round(profile.frames / profile.fps))
        if frames / fps > longest + profile.step / fps:
            raise invalid(f"{frames / fps:g} seconds are asked for; this server makes videos of at most {longest} (--max-seconds).", "duration")
        width, height = wish.size or profile.size
        return Plan(frames, fps, width, height)

    def film(self, wish: Wish, plan: Plan, path: str, progress: Callable[[float], None], work: Work) -> None:
        torch = require("torch")
        steps = wish.steps or self._profile.steps
        more: dict[str, Any] = {}
        if wish.guidance is not None:
            more["guidance_scale"] = wish.guidance
        if wish.negative_prompt is not None:
            more["negative_prompt"] = wish.negative_prompt
        if wish.seed is not None:
            more["generator"] = torch.Generator(self._device).manual_seed(wish.seed)
        if self._profile.says_fps is not None:
            more[self._profile.says_fps] = plan.fps
        pipeline = self._pipeline
        if wish.picture is not None:
            pipeline, more["image"] = self._from_picture, wish.picture.open().resize((plan.width, plan.height))

        def step_ended(_: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
            if work.is_cancelled:
                raise Cancelled
            progress((step + 1) / (steps + 1))  # The decoder comes after the last.
            return values

        made = pipeline(
            prompt=wish.prompt,
            width=plan.width,
            height=plan.height,
            num_frames=plan.frames,
            num_inference_steps=steps,
            output_type="np",
            callback_on_step_end=step_ended,
            **more,
        ).frames[0]
        work.check()
        write(made, plan.fps, path)


def write(frames: Any, fps: int, path: str) -> None:
    """Frames (numbers from 0 to 1: frame, line, column, colour) → an MP4 that players show while it comes."""
    frames = numpy.asarray(frames)
    height, width = frames.shape[1:3]
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "pipe:0"]
    coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-movflags", "+faststart", "-f", "mp4"]
    pixels = (numpy.clip(frames, 0, 1) * 255 + 0.5).astype("uint8").tobytes()
    done = subprocess.run([_ffmpeg(), "-y", "-hide_banner", "-loglevel", "error", *given, *coded, path], input=pixels, capture_output=True, check=False)
    if done.returncode != 0:
        raise ApiError(500, f"ffmpeg could not write the video: {done.stderr.decode('utf-8', 'replace').strip()[-200:]}", "encoding_failed")


def load(options: Options, _: Settings) -> Filmer:
    diffusers, torch, device = require("diffusers"), require("torch"), device_of(options)
    name = options["pipeline"]
    profile = PROFILES.get(name, _OTHER)
    kind = dtype_of(options, torch.bfloat16 if device == "cuda" else torch.float32)
    known: dict[str, Any] = {"revision": options.revision, "torch_dtype": kind}
    if options.trust_remote_code:
        known["trust_remote_code"] = True
    if profile.vae is not None:
        known["vae"] = getattr(diffusers, profile.vae).from_pretrained(options.model, subfolder="vae", revision=options.revision, torch_dtype=torch.float32)
    pipeline = _class(diffusers, name).from_pretrained(options.model, **known)
    pipeline.set_progress_bar_config(disable=True)
    if hasattr(pipeline.vae, "enable_tiling"):
        pipeline.vae.enable_tiling()
    if options["cpu_offload"] and device == "cuda":
        pipeline.enable_model_cpu_offload()
    else:
        pipeline.to(device)
    from_picture = None if profile.with_picture is None else _class(diffusers, profile.with_picture)(**pipeline.components)
    return Filmer(pipeline, from_picture, profile, device, options["max_seconds"])


def _class(diffusers: Any, name: str) -> Any:
    found = getattr(diffusers, name, None)
    if found is None:
        raise LoadError(f"This version of diffusers has no '{name}': correct --pipeline, or name a newer version in the entry's 'packages'.")
    return found
