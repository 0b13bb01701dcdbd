"""Models that are asked about pictures in ways of their own.

- GOT-OCR 2.0 (transformers 4.57.6, docs/source/en/model_doc/got_ocr2.md): a picture in, its text out; no messages.
- Molmo (allenai/Molmo-7B-D-0924, the card's example; transformers 4.48.3): ``processor.process`` and ``generate_from_batch``.
- Moondream 2 (vikhyatk/moondream2, the card's example of 2025): ``query``, ``caption``, ``detect`` and ``point`` of its own code.
"""

from __future__ import annotations

import json
from typing import Any, Callable

from ..chat import Dialogue
from ..errors import invalid
from ..generation import Answer, room
from ..hugging import generate, library, max_length, pretrained, source
from ..loading import require
from ..messages import Picture
from ..options import Options
from ..settings import Settings


def asked(dialogue: Dialogue) -> tuple[str, list[Picture]]:
    """The last message of the user, and the pictures of all: for models that know no dialogue."""
    texts = [message.text for message in dialogue.messages if message.role == "user"]
    if not texts:
        raise invalid("There is no message of the user.", "messages")
    return texts[-1], [picture for message in dialogue.messages for picture in message.pictures]


def one_picture(dialogue: Dialogue) -> tuple[str, Any]:
    text, shown = asked(dialogue)
    if len(shown) != 1:
        raise invalid(f"This model looks at one picture; the messages have {len(shown)}.", "messages")
    return text, shown[0].open()


class GotOcr:
    takes_pictures = True

    def __init__(self, model: Any, processor: Any, length: int) -> None:
        self._model = model
        self._processor = processor
        self.max_length = length

    def answer(self, dialogue: Dialogue, to: Answer) -> None:
        text, picture = one_picture(dialogue)
        inputs = self._processor(picture, return_tensors="pt", format="format" in text.lower()).to(self._model.device, dtype=self._model.dtype)
        tokens = inputs["input_ids"].shape[-1]
        tokenizer = self._processor.tokenizer
        more = {"tokenizer": tokenizer, "stop_strings": "<|im_end|>"}
        generate(self._model, dict(inputs), lambda made: tokenizer.decode(made, skip_special_tokens=True), dialogue.sampling, to, self.max_length, tokens, **more)

    @staticmethod
    def load(options: Options, _: Settings) -> GotOcr:
        processor = library().AutoProcessor.from_pretrained(options.model, **source(options))
        model = pretrained(options, "AutoModelForImageTextToText")
        return GotOcr(model, processor, max_length(options, model.config))


class Molmo:
    takes_pictures = True

    def __init__(self, model: Any, processor: Any, length: int) -> None:
        self._model = model
        self._processor = processor
        self.max_length = length

    def answer(self, dialogue: Dialogue, to: Answer) -> None:
        text, shown = asked(dialogue)
        inputs = self._processor.process(images=[picture.open() for picture in shown] or None, text=text)
        batch = {name: self._moved(value).unsqueeze(0) for name, value in inputs.items()}
        tokens = batch["input_ids"].shape[-1]
        allowed = room(tokens, dialogue.sampling.max_tokens, self.max_length)
        to.begin(tokens)
        tokenizer = self._processor.tokenizer
        wanted = library().GenerationConfig(max_new_tokens=allowed, stop_strings="<|endoftext|>", **_sampling(dialogue))
        with require("torch").inference_mode():
            made = self._model.generate_from_batch(batch, wanted, tokenizer=tokenizer)[0, tokens:]
        to.add(tokenizer.decode(made, skip_special_tokens=True), int(made.shape[-1]))
        to.end("length" if made.shape[-1] >= allowed else "stop")

    def _moved(self, value: Any) -> Any:
        """Pixels are computed in the model's type, tokens stay numbers."""
        value = value.to(self._model.device)
        return value.to(self._model.dtype) if value.is_floating_point() else value

    @staticmethod
    def load(options: Options, _: Settings) -> Molmo:
        processor = library().AutoProcessor.from_pretrained(options.model, **source(options))
        model = pretrained(options, "AutoModelForCausalLM", places=False)
        return Molmo(model, processor, max_length(options, model.config))


def _sampling(dialogue: Dialogue) -> dict[str, Any]:
    sampling = dialogue.sampling
    if sampling.temperature is None or sampling.is_greedy:
        return {"do_sample": False}
    return {"do_sample": True, "temperature": sampling.temperature, **({} if sampling.top_p is None else {"top_p": sampling.top_p})}


class Moondream:
    takes_pictures = True

    def __init__(self, model: Any, length: int) -> None:
        self._model = model
        self.max_length = length

    def answer(self, dialogue: Dialogue, to: Answer) -> None:
        text, picture = one_picture(dialogue)
        to.begin(0)
        word, _, rest = text.strip().partition(":")
        if word in ("detect", "point") and rest.strip():
            to.add(json.dumps(getattr(self._model, word)(picture, rest.strip()), ensure_ascii=False), 0)
        elif text.strip() in ("caption", ""):
            self._say(self._model.caption(picture, length="normal", stream=True)["caption"], to)
        else:
            self._say(self._model.query(picture, text, stream=True)["answer"], to)
        to.end("stop")

    @staticmethod
    def _say(words: Any, to: Answer) -> None:
        """Its own code makes the text in parts; a part is a token or two."""
        for word in words:
            to.add(word, 1)
            if to.is_over:
                return

    @staticmethod
    def load(options: Options, _: Settings) -> Moondream:
        model = pretrained(options, "AutoModelForCausalLM", places=False)
        return Moondream(model, max_length(options, model.config))


OWN: dict[str, Callable[[Options, Settings], Any]] = {"got_ocr2": GotOcr.load, "molmo": Molmo.load, "moondream1": Moondream.load}
"""By the ``model_type`` of a repository's configuration."""
