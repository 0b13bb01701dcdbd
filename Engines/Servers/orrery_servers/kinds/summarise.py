"""Summaries (BART): the last message of the user is condensed. As ``encoder-decoder``, by the model's own search."""

from __future__ import annotations

from ..chat import Dialogue, routes  # noqa: F401
from ..errors import invalid
from ..generation import Answer
from ..hugging import library, max_length, pretrained, source
from ..loading import require
from ..options import Options
from ..settings import Settings
from .encoder_decoder import EncoderDecoder


class Summariser(EncoderDecoder):
    def answer(self, dialogue: Dialogue, to: Answer) -> None:
        asked = [message.text for message in dialogue.messages if message.role == "user"]
        if not asked or not asked[-1].strip():
            raise invalid("The last message of the user is what is summarised; there is none.", "messages")
        inputs = self._tokenizer(asked[-1], return_tensors="pt", truncation=True, max_length=self.max_length).to(self._model.device)
        to.begin(inputs["input_ids"].shape[-1])
        # Its search by beams, its shortest and longest are in the repository: they make the summaries good, and cannot be streamed.
        bound = {} if dialogue.sampling.max_tokens is None else {"max_length": dialogue.sampling.max_tokens + 1, "min_length": 0}
        with require("torch").inference_mode():
            made = self._model.generate(**inputs, **bound)[0]
        text = self._tokenizer.decode(made, skip_special_tokens=True)
        to.add(text, len(self._tokenizer(text, add_special_tokens=False)["input_ids"]))
        is_full = dialogue.sampling.max_tokens is not None and made.shape[-1] > dialogue.sampling.max_tokens
        to.end("length" if is_full else "stop")


def load(options: Options, _: Settings) -> Summariser:
    tokenizer = library().AutoTokenizer.from_pretrained(options.model, **source(options))
    model = pretrained(options, "AutoModelForSeq2SeqLM", places=False)
    return Summariser(model, tokenizer, max_length(options, model.config, tokenizer))
