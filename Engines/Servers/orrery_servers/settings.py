"""What an operator may set by the environment, where no flag of the catalogue's tables has it."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    max_body_bytes: int
    """Of one request."""
    max_waiting: int
    """Requests that may wait for the model; more are refused with 503."""
    max_audio_seconds: int
    """Of one recording that is sent."""
    drain_seconds: int
    """For which a stopping server goes on with what it has begun."""
    jobs_directory: str
    jobs_keep_seconds: int
    """For which a finished video can be fetched."""
    jobs_keep: int
    """Finished videos that are kept; the oldest goes first."""

    @staticmethod
    def read() -> Settings:
        return Settings(
            max_body_bytes=_number("ORRERY_MAX_BODY_BYTES", 64 << 20, 1024),
            max_waiting=_number("ORRERY_MAX_WAITING", 64, 0),
            max_audio_seconds=_number("ORRERY_MAX_AUDIO_SECONDS", 2 * 60 * 60, 1),
            drain_seconds=_number("ORRERY_DRAIN_SECONDS", 25, 0),
            jobs_directory=os.environ.get("ORRERY_JOBS_DIRECTORY") or os.path.join(tempfile.gettempdir(), "orrery-jobs"),
            jobs_keep_seconds=_number("ORRERY_JOBS_KEEP_SECONDS", 24 * 60 * 60, 1),
            jobs_keep=_number("ORRERY_JOBS_KEEP", 100, 1),
        )


def _number(name: str, default: int, least: int) -> int:
    written = os.environ.get(name)
    if not written:
        return default
    if not written.isdecimal() or int(written) < least:
        sys.exit(f"{name} is '{written}'; it takes a whole number from {least} on, for example {default}.")
    return int(written)
