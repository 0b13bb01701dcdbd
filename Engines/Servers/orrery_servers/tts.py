"""Text to speech: ``python3 -m orrery_servers.tts --model hexgrad/Kokoro-82M --family kokoro``. A family of models each has its library (``families``)."""

from __future__ import annotations

import argparse
import importlib
from types import ModuleType
from typing import Any, Sequence

from .errors import LoadError
from .options import Options, parse, parser
from .serve import run
from .settings import Settings
from .speech import routes

FAMILIES = ("bark", "chatterbox", "chattts", "cosyvoice", "dia", "f5", "kokoro", "melo", "mms", "openvoice", "orpheus", "parler", "piper", "speecht5", "xtts", "zonos")


def flags() -> argparse.ArgumentParser:
    taken = parser("tts", "Speaks: text to speech by the library of the model's family.")
    taken.add_argument("--family", choices=FAMILIES, required=True, help="of what kind the model is")
    taken.add_argument("--default-voice", metavar="VOICE", help="who speaks where a request names nobody (the family's choice)")
    return taken


def module_of(family: str) -> ModuleType:
    return importlib.import_module(f".families.{family}", __package__)


def load(options: Options, settings: Settings) -> Any:
    voice = module_of(options["family"]).load(options)
    wanted = options["default_voice"]
    if wanted is not None:
        if voice.voices and wanted not in voice.voices:
            raise LoadError(f"--default-voice is '{wanted}'; this model's voices are {', '.join(list(voice.voices)[:60])}.")
        voice.default_voice = wanted
    return voice


def main(arguments: Sequence[str] | None = None) -> None:
    run("tts", parse(flags(), arguments), load, routes)


if __name__ == "__main__":
    main()
