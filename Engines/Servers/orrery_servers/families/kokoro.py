"""Kokoro (hexgrad/Kokoro-82M).

Library: kokoro 0.9.4 (hexgrad/kokoro@01968a6 kokoro/pipeline.py ``KPipeline``, kokoro/model.py ``KModel``). A pipeline belongs to a language, which a voice's
first letter names; all share one model. Voices are read from files, so that the pinned revision's are spoken.
"""

from __future__ import annotations

import os
from typing import Any, Iterator

from ..loading import device_of, files_of, require
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work


class Kokoro(Spoken):
    def __init__(self, library: Any, model: Any, folder: str, repository: str) -> None:
        voices = sorted(name.removesuffix(".pt") for name in os.listdir(os.path.join(folder, "voices")) if name.endswith(".pt"))
        super().__init__(24000, voices, "af_heart" if "af_heart" in voices else voices[0], has_speed=True)
        self._library = library
        self._model = model
        self._folder = folder
        self._repository = repository
        self._pipelines: dict[str, Any] = {}

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        pipeline = self._pipeline(wish.voice[0])
        voice = os.path.join(self._folder, "voices", f"{wish.voice}.pt")
        for result in pipeline(wish.text, voice=voice, speed=wish.speed):
            work.check()
            if result.audio is not None:
                yield result.audio.cpu().numpy()

    def _pipeline(self, language: str) -> Any:
        if language not in self._pipelines:
            self._pipelines[language] = self._library.KPipeline(lang_code=language, repo_id=self._repository, model=self._model)
        return self._pipelines[language]


def load(options: Options) -> Kokoro:
    library, folder = require("kokoro"), files_of(options)
    weights = next(name for name in sorted(os.listdir(folder)) if name.startswith("kokoro") and name.endswith(".pth"))
    model = library.KModel(repo_id=options.model, config=os.path.join(folder, "config.json"), model=os.path.join(folder, weights))
    voice = Kokoro(library, model.to(device_of(options)).eval(), folder, options.model)
    voice._pipeline(voice.default_voice[0])  # What it needs besides is missed now, not at the first request.
    return voice
