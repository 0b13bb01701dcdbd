"""Stands in for faster-whisper 1.2.1 (SYSTRAN/faster-whisper, faster_whisper/transcribe.py: ``WhisperModel``, ``Segment``, ``Word``, ``TranscriptionInfo``). A segment is a second."""

from __future__ import annotations

from types import SimpleNamespace

import numpy

import _library


class WhisperModel:
    def __init__(self, model_size_or_path, device="auto", device_index=0, compute_type="default", cpu_threads=0, num_workers=1, download_root=None, local_files_only=False, files=None, revision=None):
        _library.load()
        self.told = f"{device} {compute_type}"

    def transcribe(self, audio, language=None, task="transcribe", beam_size=5, temperature=(0.0, 0.2), initial_prompt=None, word_timestamps=False, vad_filter=False):
        assert isinstance(audio, numpy.ndarray) and audio.dtype == numpy.float32
        if language == "xx":
            raise ValueError("'xx' is not a valid language code (accepted language codes: en, de)")
        info = SimpleNamespace(language=language or "en", language_probability=0.9, duration=len(audio) / 16000)
        return self._segments(audio, language, task, initial_prompt, word_timestamps), info

    def _segments(self, audio, language, task, prompt, words):
        for number in range(-(-len(audio) // 16000)):
            _library.pause()
            start, end = float(number), min(number + 1.0, len(audio) / 16000)
            text = f" {task} {number}" + (f" {prompt}" if prompt else "")
            said = [SimpleNamespace(start=start, end=end, word=f" {word}", probability=0.5) for word in text.split()] if words else None
            yield SimpleNamespace(id=number, seek=number * 100, start=start, end=end, text=text, tokens=[1, 2], avg_logprob=-0.5, compression_ratio=1.0, no_speech_prob=0.1, words=said, temperature=0.0)
