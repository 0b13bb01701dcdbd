"""Parler-TTS (parler-tts/parler-tts-mini-v1): how it is spoken is described in words (``instructions``).

Library: parler-tts 0.2.3 (huggingface/parler-tts README: ``ParlerTTSForConditionalGeneration.generate(input_ids, prompt_input_ids, …)``). Voices are names that the model was taught;
a description is made of one where none is sent.
"""

from __future__ import annotations

from typing import Any, Iterator

from ..audio.cutting import sentences
from ..hugging import library, source
from ..loading import device_of, dtype_of, require, seed
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_VOICES = (
    "Jon", "Lea", "Gary", "Jenna", "Mike", "Laura", "Lauren", "Eileen", "Alisa", "Karen", "Barbara", "Carol", "Emily", "Rose", "Will", "Patrick", "Eric", "Rick",
    "Anna", "Tina", "Brenda", "Jordan", "Aaron", "Bill", "Joy", "Jerry", "Tom", "Rebecca", "Bruce", "Brian", "Naomi", "Jason", "David", "James",
)  # fmt: skip
_LONGEST_TEXT = 250


class Parler(Spoken):
    def __init__(self, model: Any, tokenizer: Any) -> None:
        super().__init__(model.config.sampling_rate, _VOICES, "Jon")
        self._model = model
        self._tokenizer = tokenizer

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        seed(wish.seed if wish.seed is not None else 0)
        how = wish.instructions or f"{wish.voice}'s voice is clear and close, at a moderate pace, with very little background noise."
        described = self._tokenizer(how, return_tensors="pt").to(self._model.device)
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            said = self._tokenizer(text, return_tensors="pt").to(self._model.device)
            with require("torch").inference_mode():
                made = self._model.generate(
                    input_ids=described["input_ids"],
                    attention_mask=described["attention_mask"],
                    prompt_input_ids=said["input_ids"],
                    prompt_attention_mask=said["attention_mask"],
                )
            yield made.float().cpu().numpy().squeeze()


def load(options: Options) -> Parler:
    parler = require("parler_tts", "parler-tts")
    tokenizer = library().AutoTokenizer.from_pretrained(options.model, **source(options))
    torch = require("torch")
    known = {"revision": options.revision or "main", "torch_dtype": dtype_of(options, torch.float32)}
    model = parler.ParlerTTSForConditionalGeneration.from_pretrained(options.model, **known).to(device_of(options))
    return Parler(model.eval(), tokenizer)
