"""Orpheus (canopylabs/orpheus-3b-0.1-ft): a Llama that writes tokens of sound, which SNAC makes samples of.

Libraries: transformers 4.57.6 and snac 1.2.1 (hubertsiuzdak/snac: ``SNAC.from_pretrained``, ``decode``; its weights hubertsiuzdak/snac_24khz are fetched too). Not orpheus-speech, which
brings a vLLM of its own. The form of prompts and tokens: canopyai/Orpheus-TTS, README and orpheus_tts_pypi/orpheus_tts/{engine_class,decoder}.py.
"""

from __future__ import annotations

from typing import Any, Iterator

from ..audio.cutting import sentences
from ..errors import Cancelled
from ..hugging import library, pretrained, source
from ..loading import device_of, require, seed
from ..options import Options
from ..speech import Spoken, Wish
from ..worker import Work

_VOICES = ("tara", "leah", "jess", "leo", "dan", "mia", "zac", "zoe")
_SNAC = "hubertsiuzdak/snac_24khz"
_BEGIN, _AFTER = 128259, (128009, 128260, 128261, 128257)
_END_OF_SPEECH = 128258
_FIRST_CODE = 128266
_CODES = 4096
_FRAME = 7
_LONGEST_TEXT = 300
_MOST_TOKENS = 3000


class Orpheus(Spoken):
    def __init__(self, model: Any, tokenizer: Any, snac: Any) -> None:
        super().__init__(24000, _VOICES, _VOICES[0])
        self._model = model
        self._tokenizer = tokenizer
        self._snac = snac

    def speak(self, wish: Wish, work: Work) -> Iterator[Any]:
        seed(wish.seed)
        for text in sentences(wish.text, _LONGEST_TEXT):
            work.check()
            codes = self._codes(f"{wish.voice}: {text}", work)
            if codes:
                yield self._sound(codes)

    def _codes(self, prompt: str, work: Work) -> list[int]:
        torch, transformers = require("torch"), library()

        class Left(transformers.StoppingCriteria):  # type: ignore[name-defined]
            def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
                return torch.full((input_ids.shape[0],), work.is_cancelled, dtype=torch.bool, device=input_ids.device)

        ids = [_BEGIN, *self._tokenizer(prompt)["input_ids"], *_AFTER]
        given = torch.tensor([ids], device=self._model.device)
        with torch.inference_mode():
            made = self._model.generate(
                input_ids=given,
                attention_mask=torch.ones_like(given),
                max_new_tokens=_MOST_TOKENS,
                do_sample=True,
                temperature=0.6,
                top_p=0.8,
                repetition_penalty=1.3,
                eos_token_id=_END_OF_SPEECH,
                stopping_criteria=transformers.StoppingCriteriaList([Left()]),
            )[0, len(ids) :].tolist()
        if work.is_cancelled:
            raise Cancelled
        return [token - _FIRST_CODE for token in made if token >= _FIRST_CODE]

    def _sound(self, codes: list[int]) -> Any:
        """Seven codes are a frame: one of the coarse layer, two of the middle one, four of the fine one."""
        torch = require("torch")
        layers: tuple[list[int], list[int], list[int]] = ([], [], [])
        for at in range(0, len(codes) - _FRAME + 1, _FRAME):
            frame = [(code - place * _CODES) % _CODES for place, code in enumerate(codes[at : at + _FRAME])]
            layers[0].append(frame[0])
            layers[1].extend((frame[1], frame[4]))
            layers[2].extend((frame[2], frame[3], frame[5], frame[6]))
        device = next(iter(self._snac.parameters())).device
        with torch.inference_mode():
            made = self._snac.decode([torch.tensor([layer], dtype=torch.long, device=device) for layer in layers])
        return made.squeeze().float().cpu().numpy()


def load(options: Options) -> Orpheus:
    snac = require("snac")
    tokenizer = library().AutoTokenizer.from_pretrained(options.model, **source(options))
    model = pretrained(options, "AutoModelForCausalLM", places=False)
    return Orpheus(model, tokenizer, snac.SNAC.from_pretrained(_SNAC).eval().to(device_of(options)))
