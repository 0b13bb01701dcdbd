"""Zonos (Zyphra/Zonos-v0.1-transformer).

Library: zonos 0.1.0 (Zyphra/Zonos README and sample.py, zonos/model.py@2167faf: ``Zonos.from_pretrained(repo_id, revision, device)``, ``make_speaker_embedding``,
``prepare_conditioning``, ``generate``, ``autoencoder``; zonos/conditioning.py ``make_cond_dict``).
"""

from __future__ import annotations

from typing import Any, Iterator

from ..audio.cutting import sentences
from ..audio.encoding import read_wav
from ..loading import device_of, require
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_USUAL_RATE = 15.0
"""Phonemes a second."""
_SAMPLE_RATE = 44100
_LONGEST_TEXT = 300
_LONGEST = 86 * 30
"""Thirty seconds of codes."""


class Zonos(Spoken):
    def __init__(self, model: Any) -> None:
        super().__init__(model.autoencoder.sampling_rate, has_speed=True, copies=True)
        self._model = model

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        torch, conditioning = require("torch"), require("zonos.conditioning", "zonos")
        # Without a sample the voice is the seed's.
        torch.manual_seed(wish.seed if wish.seed is not None else 0)
        who = None if wish.sample is None else self._copied(torch, wish.sample)
        rate = max(5.0, min(35.0, _USUAL_RATE * wish.speed))
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            wanted = conditioning.make_cond_dict(text=text, speaker=who, language=wish.language or "en-us", speaking_rate=rate, device=self._model.device)
            prefix = self._model.prepare_conditioning(wanted)
            codes = self._model.generate(prefix, max_new_tokens=_LONGEST, progress_bar=False, callback=lambda *_: not work.is_cancelled)
            work.check()
            yield self._model.autoencoder.decode(codes).squeeze().float().cpu().numpy()

    def _copied(self, torch: Any, path: str) -> Any:
        return self._model.make_speaker_embedding(torch.from_numpy(read_wav(path, _SAMPLE_RATE)).unsqueeze(0), _SAMPLE_RATE)


def load(options: Options) -> Zonos:
    library = require("zonos.model", "zonos")
    return Zonos(library.Zonos.from_pretrained(options.model, revision=options.revision, device=device_of(options)).eval())
