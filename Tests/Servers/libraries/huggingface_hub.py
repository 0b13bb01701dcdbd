"""Stands in for huggingface_hub 0.36 (huggingface/huggingface_hub, src/huggingface_hub/_snapshot_download.py): a folder with the names of files that models have."""

from __future__ import annotations

import fnmatch
import os
import tempfile

import _library

_FILES = {
    "hexgrad/Kokoro-82M": ("config.json", "kokoro-v1_0.pth", "voices/af_heart.pt", "voices/bf_emma.pt"),
    "rhasspy/piper-voices": ("en/en_US/lessac/medium/en_US-lessac-medium.onnx", "en/en_US/lessac/medium/en_US-lessac-medium.onnx.json"),
    "SWivid/F5-TTS": ("F5TTS_v1_Base/model_1250000.safetensors", "F5TTS_v1_Base/vocab.txt"),
    "myshell-ai/OpenVoiceV2": ("converter/config.json", "converter/checkpoint.pth", "base_speakers/ses/en-newest.pth"),
    "nvidia/parakeet-tdt-0.6b-v3": ("parakeet-tdt-0.6b-v3.nemo",),
    "nvidia/canary-1b-v2": ("canary-1b-v2.nemo",),
}


def snapshot_download(repo_id, *, revision=None, allow_patterns=None):
    _library.load()
    folder = tempfile.mkdtemp(prefix="orrery-test-model-")
    for name in _FILES.get(repo_id, ("config.json",)):
        if allow_patterns is None or any(fnmatch.fnmatch(name, pattern) for pattern in allow_patterns):
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            open(os.path.join(folder, name), "wb").close()
    return folder
