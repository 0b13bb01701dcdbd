"""Dia (nari-labs/Dia-1.6B): dialogues; speakers are marked [S1] and [S2].

Library: transformers 4.57.6 (docs/source/en/model_doc/dia.md: ``DiaForConditionalGeneration``, ``AutoProcessor``, ``get_audio_prompt_len``, ``batch_decode``).
A voice is copied from a sample whose text is said before (``ref_text``).
"""

from __future__ import annotations

from typing import Any, Iterator

from ..audio.encoding import read_wav
from ..errors import invalid
from ..hugging import library, pretrained, source
from ..loading import require, seed
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_RATE = 44100
_MOST_TOKENS = 3072
"""About 35 seconds: what the model was taught."""


class Dia(Spoken):
    def __init__(self, model: Any, processor: Any) -> None:
        super().__init__(_RATE, copies=True)
        self._model = model
        self._processor = processor

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        # The seed keeps the voice: without one each request is spoken by somebody else.
        seed(wish.seed if wish.seed is not None else 0)
        text = wish.text if wish.text.lstrip().startswith("[S") else f"[S1] {wish.text}"
        torch = require("torch")
        cut: dict[str, Any] = {}
        if wish.sample is None:
            inputs = self._processor(text=[text], padding=True, return_tensors="pt").to(self._model.device)
        else:
            inputs, cut = self._after(wish, text)
        with torch.inference_mode():
            made = self._model.generate(**inputs, max_new_tokens=_MOST_TOKENS)
        work.check()
        for samples in self._processor.batch_decode(made, **cut):
            yield samples.float().cpu().numpy()

    def _after(self, wish: Wish, text: str) -> tuple[Any, dict[str, Any]]:
        assert wish.sample is not None
        if not wish.sample_text:
            raise invalid("'ref_text' is needed beside 'ref_audio': what is said in the sample.", "ref_text", "missing_required_parameter")
        sample = read_wav(wish.sample, _RATE)
        inputs = self._processor(text=[f"{wish.sample_text} {text}"], audio=sample, padding=True, return_tensors="pt").to(self._model.device)
        return inputs, {"audio_prompt_len": self._processor.get_audio_prompt_len(inputs["decoder_attention_mask"])}


def load(options: Options) -> Dia:
    processor = library().AutoProcessor.from_pretrained(options.model, **source(options))
    return Dia(pretrained(options, "DiaForConditionalGeneration", places=False), processor)
