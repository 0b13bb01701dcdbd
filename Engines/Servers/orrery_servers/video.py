"""Videos by diffusers: ``python3 -m orrery_servers.video --model Wan-AI/Wan2.1-T2V-1.3B-Diffusers --pipeline WanPipeline``."""

from __future__ import annotations

import argparse
from typing import Sequence

from .jobs import routes
from .options import parse, parser, positive
from .pipelines import PROFILES, load
from .serve import run


def flags() -> argparse.ArgumentParser:
    taken = parser("video", "Makes videos from texts, and from pictures, by diffusers.")
    taken.add_argument("--pipeline", default="DiffusionPipeline", metavar="CLASS", help=f"the pipeline's class in diffusers; known are {', '.join(PROFILES)} (what the repository names)")
    taken.add_argument("--cpu-offload", action=argparse.BooleanOptionalAction, default=False, help="keep on the GPU only what computes: needs less of its memory, and takes longer")
    taken.add_argument("--max-seconds", type=positive, help="the longest video that is made (as long as the model was taught)")
    return taken


def main(arguments: Sequence[str] | None = None) -> None:
    run("video", parse(flags(), arguments), load, routes)


if __name__ == "__main__":
    main()
