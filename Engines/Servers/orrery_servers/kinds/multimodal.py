"""Chat about pictures by transformers: ``AutoModelForImageTextToText`` and the processor's chat template, or what else a model wants.

Library: transformers 4.57.6 and 5.15.0 (docs/source/en/tasks/image_text_to_text.md); models that differ: ``pictures``.
"""

from __future__ import annotations

from typing import Any

from ..chat import Dialogue, routes  # noqa: F401
from ..generation import Answer
from ..hugging import generate, library, max_length, pretrained, source, templated
from ..messages import Message
from ..options import Options
from ..settings import Settings
from . import pictures


class Multimodal:
    takes_pictures = True

    def __init__(self, model: Any, processor: Any, length: int, **more: Any) -> None:
        self._model = model
        self._processor = processor
        self._more = more
        self.max_length = length

    def answer(self, dialogue: Dialogue, to: Answer) -> None:
        messages = [_shown(message) for message in dialogue.messages]
        template = self._processor.apply_chat_template
        inputs = templated(template, messages, tokenize=True, return_dict=True, return_tensors="pt", **self._more, **dialogue.template)
        inputs = inputs.to(self._model.device, dtype=self._model.dtype)
        tokens = inputs["input_ids"].shape[-1]
        generate(self._model, dict(inputs), self._decode, dialogue.sampling, to, self.max_length, tokens, **self._more)

    def _decode(self, tokens: list[int]) -> str:
        return self._processor.decode(tokens, skip_special_tokens=True)


def _shown(message: Message) -> dict[str, Any]:
    """Templates of such models want a list of parts, even of a text alone."""
    parts = [{"type": "text", "text": part} if isinstance(part, str) else {"type": "image", "image": part.open()} for part in message.parts]
    return {"role": message.role, "content": parts, **message.more}


def load(options: Options, settings: Settings) -> Any:
    transformers = library()
    config = transformers.AutoConfig.from_pretrained(options.model, **source(options))
    if (own := pictures.OWN.get(config.model_type)) is not None:
        return own(options, settings)
    processor = transformers.AutoProcessor.from_pretrained(options.model, **source(options))
    model = pretrained(options, "AutoModelForImageTextToText")
    more = {"generation_mode": "text"} if config.model_type == "janus" else {}
    return Multimodal(model, processor, max_length(options, model.config, getattr(processor, "tokenizer", None)), **more)
