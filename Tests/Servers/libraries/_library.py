"""What the stand-ins share."""

from __future__ import annotations

import io
import os
import subprocess
import time
import wave


class OutOfMemoryError(RuntimeError):
    pass


class GatedRepoError(OSError):
    """huggingface_hub.errors.GatedRepoError."""


class RepositoryNotFoundError(OSError):
    """huggingface_hub.errors.RepositoryNotFoundError."""


class LocalEntryNotFoundError(OSError):
    """huggingface_hub.errors.LocalEntryNotFoundError."""


_TROUBLES = {
    "gated": GatedRepoError("401 Client Error. token hf_secretsecretsecret is not in the list"),
    "unknown": RepositoryNotFoundError("404 Client Error. hf_secretsecretsecret"),
    "memory": OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    "architecture": ValueError("The checkpoint you are trying to load has model type `new` but Transformers does not recognize this architecture."),
    "code": ValueError("The repository contains custom code which must be executed; set trust_remote_code=True"),
    "offline": LocalEntryNotFoundError("Cannot find the requested files in the disk cache and outgoing traffic has been disabled."),
    "broken": KeyError("hf_secretsecretsecret"),
}


def load() -> None:
    """What every loading of a model does first."""
    if trouble := os.environ.get("LIBRARY_TROUBLE"):
        raise _TROUBLES[trouble]
    while (path := os.environ.get("LIBRARY_WAIT")) and not os.path.exists(path):
        time.sleep(0.01)


def pause() -> None:
    time.sleep(float(os.environ.get("LIBRARY_PAUSE") or 0))


def say(text: str, rate: int):
    """Real speech, by flite."""
    import numpy

    pause()
    made = subprocess.run(["flite", "-voice", "kal16", "-t", text, "-o", "/dev/stdout"], capture_output=True, check=True).stdout
    # To a pipe flite cannot write how long it is; the head has 44 bytes.
    with wave.open(io.BytesIO(made[:44] + made[44:]), "rb") as file:
        own = file.getframerate()
    samples = numpy.frombuffer(made[44 : len(made) - len(made) % 2], dtype="<i2").astype(numpy.float32) / 32768.0
    at = numpy.arange(int(len(samples) * rate / own)) * own / rate
    return numpy.interp(at, numpy.arange(len(samples)), samples).astype(numpy.float32)
