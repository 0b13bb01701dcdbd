"""What has no engine of its own: ``python3 -m orrery_servers.custom --model facebook/bart-large-cnn --kind summarise``."""

from __future__ import annotations

import argparse
from typing import Sequence

from .options import parse, parser
from .serve import run
from .transformers import module_of

KINDS = ("diffusers-image", "funasr", "nemo", "summarise")


def flags() -> argparse.ArgumentParser:
    taken = parser("custom", "Serves a model by the library that it comes with: pictures (diffusers), speech to text (FunASR, NeMo), or summaries.")
    taken.add_argument("--kind", choices=KINDS, required=True, help="which library, and what for")
    return taken


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(flags(), arguments)
    kind = module_of(options["kind"])
    run("custom", options, kind.load, kind.routes)


if __name__ == "__main__":
    main()
