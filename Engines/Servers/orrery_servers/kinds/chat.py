"""Chat by a causal model of transformers: ``AutoModelForCausalLM`` and the tokenizer's chat template."""

from __future__ import annotations

from typing import Any

from ..chat import Dialogue, routes  # noqa: F401 - the program asks this module for its routes
from ..generation import Answer
from ..hugging import generate, library, max_length, pretrained, source, templated
from ..options import Options
from ..settings import Settings


class Chat:
    takes_pictures = False

    def __init__(self, model: Any, tokenizer: Any, length: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self.max_length = length

    def answer(self, dialogue: Dialogue, to: Answer) -> None:
        messages = [{"role": message.role, "content": message.text, **message.more} for message in dialogue.messages]
        inputs = templated(self._tokenizer.apply_chat_template, messages, tokenize=True, return_dict=True, return_tensors="pt", **dialogue.template)
        tokens = inputs["input_ids"].shape[-1]
        generate(self._model, dict(inputs.to(self._model.device)), self._decode, dialogue.sampling, to, self.max_length, tokens)

    def _decode(self, tokens: list[int]) -> str:
        return self._tokenizer.decode(tokens, skip_special_tokens=True)


def load(options: Options, _: Settings) -> Chat:
    tokenizer = library().AutoTokenizer.from_pretrained(options.model, **source(options))
    model = pretrained(options, "AutoModelForCausalLM")
    return Chat(model, tokenizer, max_length(options, model.config, tokenizer))
