"""Models that read a text and write another (T5): the last message is what they read, for they know no dialogue. ``AutoModelForSeq2SeqLM``."""

from __future__ import annotations

from typing import Any

from ..chat import Dialogue, routes  # noqa: F401
from ..errors import invalid
from ..generation import Answer
from ..hugging import generate, library, max_length, pretrained, source
from ..options import Options
from ..settings import Settings


class EncoderDecoder:
    takes_pictures = False

    def __init__(self, model: Any, tokenizer: Any, length: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self.max_length = length

    def answer(self, dialogue: Dialogue, to: Answer) -> None:
        asked = [message.text for message in dialogue.messages if message.role == "user"]
        if not asked or not asked[-1].strip():
            raise invalid("The last message of the user is what this model reads; there is none.", "messages")
        # What is longer is cut, as the model's card says.
        inputs = self._tokenizer(asked[-1], return_tensors="pt", truncation=True, max_length=self.max_length).to(self._model.device)
        tokens = inputs["input_ids"].shape[-1]
        generate(self._model, dict(inputs), self._decode, dialogue.sampling, to, self.max_length, tokens, is_encoder_decoder=True)

    def _decode(self, tokens: list[int]) -> str:
        return self._tokenizer.decode(tokens, skip_special_tokens=True)


def load(options: Options, _: Settings) -> EncoderDecoder:
    tokenizer = library().AutoTokenizer.from_pretrained(options.model, **source(options))
    model = pretrained(options, "AutoModelForSeq2SeqLM")
    return EncoderDecoder(model, tokenizer, max_length(options, model.config, tokenizer))
