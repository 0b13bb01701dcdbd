"""Where a model's files are, where it runs, and why it could not be loaded."""

from __future__ import annotations

import importlib
import os
from typing import Any, Sequence

from .errors import LoadError
from .options import Options
from .worker import is_out_of_memory


def require(module: str, package: str | None = None) -> Any:
    """A module of the model's library.

    :raises LoadError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        raise LoadError(f"The Python package '{package or missing.split('.')[0]}' is missing (no module '{missing}'): install it, or name it in the entry's 'packages' and build the image anew.") from error


def device_of(options: Options) -> str:
    """``cuda`` or ``cpu``.

    :raises LoadError: a GPU was asked for and there is none.
    """
    if options.device == "cpu":
        return "cpu"
    torch = require("torch")
    if torch.cuda.is_available():
        return "cuda"
    if options.device == "cuda":
        raise LoadError("--device is cuda, but there is no GPU that PyTorch can use: give the container one, or start with --device cpu.")
    return "cpu"


def dtype_of(options: Options, auto: Any = "auto") -> Any:
    """The library's type for ``--dtype``; ``auto`` stands for what is given."""
    return auto if options.dtype == "auto" else getattr(require("torch"), options.dtype)


def files_of(options: Options, patterns: Sequence[str] | None = None) -> str:
    """The folder with the model's files, for libraries that know no revisions. Fetched where they are not there yet, and not asked for where HF_HUB_OFFLINE is set."""
    if os.path.isdir(options.model):
        return options.model
    hub = require("huggingface_hub")
    return hub.snapshot_download(repo_id=options.model, revision=options.revision, allow_patterns=list(patterns) if patterns else None)


def seed(value: int | None) -> None:
    if value is not None:
        torch = require("torch")
        torch.manual_seed(value)


_BY_NAME = {
    "GatedRepoError": "'{model}' is gated: accept its terms on the hub with your account, and give that account's token in HF_TOKEN.",
    "RepositoryNotFoundError": "There is no repository '{model}' on the hub, or HF_TOKEN may not read it: correct --model, or give a token that may.",
    "RevisionNotFoundError": "'{model}' has no revision '{revision}': correct --revision.",
    "LocalEntryNotFoundError": "'{model}' (revision {revision}) is not in HF_HOME, and it cannot be fetched: fill the volume, or start without HF_HUB_OFFLINE and with a way to the hub.",
    "OfflineModeIsEnabled": "'{model}' (revision {revision}) is not in HF_HOME, and HF_HUB_OFFLINE forbids to fetch it: fill the volume, or start without it.",
    "EntryNotFoundError": "'{model}' (revision {revision}) has not the files that this server looks for: is it a model for it?",
}

_BY_WORDS = (
    (("does not recognize this architecture", "Unrecognized configuration class", "Unrecognized model in"), "This version of the library does not know the architecture of '{model}': name a newer version in the entry's 'packages', or take another model."),
    (("trust_remote_code", "execute the configuration file", "contains custom code"), "'{model}' runs code out of its repository: start with --trust-remote-code if you trust it (in an entry: remoteCode)."),
    (("gated repo", "401 Client Error"), _BY_NAME["GatedRepoError"]),
    (("is not a local folder and is not a valid model identifier", "404 Client Error"), _BY_NAME["RepositoryNotFoundError"]),
    (("couldn't connect to", "We couldn't connect", "offline mode", "outgoing traffic has been disabled"), _BY_NAME["LocalEntryNotFoundError"]),
    (("No space left on device",), "There is no space left for the files of '{model}': make the volume at HF_HOME larger."),
    (("requires the following packages", "requires the `"), "'{model}' needs Python packages that are not installed ({error}): name them in the entry's 'packages'."),
)


def explain(error: BaseException, options: Options) -> str:
    """Why a model could not be loaded: one sentence with what to do. No secrets: of an unknown error only its kind is told, the log has the rest."""
    if isinstance(error, LoadError):
        return str(error)
    words = {"model": options.model, "revision": options.revision or "main", "error": _one_line(error)}
    if is_out_of_memory(error):
        return "'{model}' does not fit into the memory that is free: take a larger GPU, or --dtype bfloat16 or float16.".format(**words)
    if isinstance(error, ModuleNotFoundError):
        return f"The Python package '{(error.name or '?').split('.')[0]}' is missing: name it in the entry's 'packages' and build the image anew."
    chain = _chain(error)
    for cause in chain:
        for kind in type(cause).__mro__:
            if kind.__name__ in _BY_NAME:
                return _BY_NAME[kind.__name__].format(**words)
    for cause in chain:
        for signs, sentence in _BY_WORDS:
            if any(sign in str(cause) for sign in signs):
                return sentence.format(**words)
    return f"'{options.model}' could not be loaded: {type(error).__name__}; the log above has the details."


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    return chain


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
