"""Figures as Prometheus reads them. Where the meaning is vLLM's, so is the name."""

from __future__ import annotations

import threading
from typing import Callable

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)

_GAUGES = {
    "running": ("vllm:num_requests_running", "Requests that the model works on."),
    "waiting": ("vllm:num_requests_waiting", "Requests that wait for the model."),
}
_COUNTERS = {
    "prompt_tokens": ("vllm:prompt_tokens_total", "Tokens of prompts."),
    "generation_tokens": ("vllm:generation_tokens_total", "Tokens of answers."),
    "success": ("vllm:request_success_total", "Requests that were answered."),
    "failure": ("orrery:request_failure_total", "Requests that were refused or failed."),
    "audio_seconds": ("orrery:audio_seconds_total", "Seconds of audio that were heard or spoken."),
}
_HISTOGRAMS = {
    "latency": ("vllm:e2e_request_latency_seconds", "From a request's arrival to the end of its answer."),
    "first_token": ("vllm:time_to_first_token_seconds", "From a request's arrival to the first part of its answer."),
    "queue_time": ("vllm:request_queue_time_seconds", "For which a request waited."),
    "inference_time": ("vllm:request_inference_time_seconds", "For which the model worked on a request."),
}


class Metrics:
    def __init__(self, model: str) -> None:
        label = model.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        self._label = f'model_name="{label}"'
        self._lock = threading.Lock()
        self._gauges: dict[str, Callable[[], float]] = {}
        self._counters = {name: 0.0 for name in _COUNTERS}
        self._buckets = {name: [0] * (len(_SECONDS) + 1) for name in _HISTOGRAMS}
        self._totals = {name: 0.0 for name in _HISTOGRAMS}

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        self._gauges[name] = read

    def add(self, name: str, amount: float = 1) -> None:
        with self._lock:
            self._counters[name] += amount

    def observe(self, name: str, seconds: float) -> None:
        with self._lock:
            self._buckets[name][next((i for i, edge in enumerate(_SECONDS) if seconds <= edge), len(_SECONDS))] += 1
            self._totals[name] += seconds

    def text(self) -> str:
        lines: list[str] = []
        with self._lock:
            for name, read in self._gauges.items():
                lines += self._head(_GAUGES[name], "gauge") + [f"{_GAUGES[name][0]}{{{self._label}}} {read():g}"]
            for name, value in self._counters.items():
                lines += self._head(_COUNTERS[name], "counter") + [f"{_COUNTERS[name][0]}{{{self._label}}} {value:.15g}"]
            for name, buckets in self._buckets.items():
                lines += self._histogram(_HISTOGRAMS[name], buckets, self._totals[name])
        return "\n".join(lines) + "\n"

    @staticmethod
    def _head(named: tuple[str, str], kind: str) -> list[str]:
        return [f"# HELP {named[0]} {named[1]}", f"# TYPE {named[0]} {kind}"]

    def _histogram(self, named: tuple[str, str], buckets: list[int], total: float) -> list[str]:
        lines, count = self._head(named, "histogram"), 0
        for edge, inside in zip([*map(str, _SECONDS), "+Inf"], buckets):
            count += inside
            lines.append(f'{named[0]}_bucket{{{self._label},le="{edge}"}} {count}')
        return [*lines, f"{named[0]}_sum{{{self._label}}} {total:.15g}", f"{named[0]}_count{{{self._label}}} {count}"]
