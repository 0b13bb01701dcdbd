"""Models that transformers runs and vLLM does not: ``python3 -m orrery_servers.transformers --model google/flan-t5-xl --kind encoder-decoder``."""

from __future__ import annotations

import argparse
import importlib
from types import ModuleType
from typing import Sequence

from .options import parse, parser, positive
from .serve import run

KINDS = ("chat", "ctc", "diffusion-chat", "embedding", "encoder-decoder", "multimodal", "sentence-transformers", "speech-to-text", "task-prompts")
ATTENTION = ("eager", "flash_attention_2", "sdpa")


def flags() -> argparse.ArgumentParser:
    taken = parser("transformers", "Serves a model by Hugging Face's transformers: chat, pictures in chats, embeddings, or speech to text.")
    taken.add_argument("--kind", choices=KINDS, default="chat", help="what the model does (chat)")
    taken.add_argument("--attn-implementation", choices=ATTENTION, help="how attention is computed (the library's choice)")
    taken.add_argument("--max-model-len", type=positive, help="tokens of prompt and answer together (as many as the model takes)")
    return taken


def module_of(kind: str) -> ModuleType:
    return importlib.import_module(f".kinds.{kind.replace('-', '_')}", __package__)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(flags(), arguments)
    kind = module_of(options["kind"])
    run("transformers", options, kind.load, kind.routes)


if __name__ == "__main__":
    main()
