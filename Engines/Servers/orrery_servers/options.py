"""The flags of the programs. They are those of the catalogue's tables (Catalogue/Servers/Tables), no more and no fewer."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any, Sequence

DTYPES = ("auto", "bfloat16", "float16", "float32")
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Options:
    """What a program was started with. Flags of one program alone are in ``own``, by their names."""

    model: str
    names: tuple[str, ...]
    revision: str | None
    host: str
    port: int
    dtype: str
    device: str
    trust_remote_code: bool
    own: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """By which answers call the model."""
        return self.names[0]

    def __getitem__(self, flag: str) -> Any:
        return self.own[flag]


def parser(program: str, description: str) -> argparse.ArgumentParser:
    """Takes what all programs take."""
    flags = argparse.ArgumentParser(
        prog=f"python3 -m orrery_servers.{program}",
        description=description,
        epilog="The environment is read too: HF_HOME, HF_HUB_OFFLINE, HF_TOKEN, and ORRERY_… as Engines/Servers/README.md lists them.",
        allow_abbrev=False,
    )
    flags.add_argument("--model", required=True, metavar="REPO", help="a repository of Hugging Face, or a folder with its files")
    flags.add_argument("--revision", metavar="COMMIT", help="a commit, tag or branch of that repository (main)")
    flags.add_argument("--served-model-name", nargs="+", action="extend", metavar="NAME", help="what requests call the model; answers use the first (the model)")
    flags.add_argument("--host", default="127.0.0.1", help="the address to listen at (127.0.0.1)")
    flags.add_argument("--port", type=_port, default=8000, help="the port to listen at; 0: any that is free (8000)")
    flags.add_argument("--dtype", choices=DTYPES, default="auto", help="in which the model computes (auto: as its weights are stored)")
    flags.add_argument("--device", choices=DEVICES, default="auto", help="where it runs (auto: on a GPU where there is one)")
    flags.add_argument("--trust-remote-code", action=argparse.BooleanOptionalAction, default=False, help="run code out of the model's repository")
    return flags


def parse(flags: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> Options:
    written = vars(flags.parse_args(arguments))
    names = written.pop("served_model_name") or [written["model"]]
    common = {name: written.pop(name) for name in ("model", "revision", "host", "port", "dtype", "device", "trust_remote_code")}
    return Options(names=tuple(names), own=written, **common)


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 1 on")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port: a whole number from 0 to 65535")
    return int(text)
