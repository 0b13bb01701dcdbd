"""Florence-2: a task word (``<OD>``, ``<CAPTION>``, ``<OCR>`` …) with or without a text behind it, about one picture. The answer is the task's result: text, or JSON.

Model: microsoft/Florence-2-large by its own code (the card's example; transformers 4.49.0), or its copies that transformers knows
(``Florence2ForConditionalGeneration`` since 4.56, docs/source/en/model_doc/florence2.md).
"""

from __future__ import annotations

import json
import re
from typing import Any

from ..chat import Dialogue, routes  # noqa: F401
from ..errors import invalid
from ..generation import Answer
from ..hugging import library, max_length, pretrained, source
from ..loading import require
from ..options import Options
from ..settings import Settings
from .pictures import one_picture

_TASK = re.compile(r"\s*(<[A-Z_]+>)(.*)", re.DOTALL)
_BEAMS = 3
_USUAL_LENGTH = 1024


class TaskPrompts:
    takes_pictures = True

    def __init__(self, model: Any, processor: Any, length: int) -> None:
        self._model = model
        self._processor = processor
        self.max_length = length

    def answer(self, dialogue: Dialogue, to: Answer) -> None:
        text, picture = one_picture(dialogue)
        match = _TASK.fullmatch(text)
        if match is None:
            raise invalid("This model takes a task word before the text: <CAPTION>, <DETAILED_CAPTION>, <OD>, <DENSE_REGION_CAPTION>, <CAPTION_TO_PHRASE_GROUNDING>, <OCR>, <OCR_WITH_REGION>, …", "messages")
        task, rest = match.groups()
        inputs = self._processor(text=task + rest, images=picture, return_tensors="pt").to(self._model.device, self._model.dtype)
        to.begin(inputs["input_ids"].shape[-1])
        bound = min(dialogue.sampling.max_tokens or _USUAL_LENGTH, _USUAL_LENGTH)
        with require("torch").inference_mode():
            made = self._model.generate(input_ids=inputs["input_ids"], pixel_values=inputs["pixel_values"], max_new_tokens=bound, num_beams=_BEAMS, do_sample=False)
        said = self._processor.batch_decode(made, skip_special_tokens=False)[0]
        result = self._processor.post_process_generation(said, task=task, image_size=(picture.width, picture.height))[task]
        to.add(result if isinstance(result, str) else json.dumps(result, ensure_ascii=False), int(made.shape[-1]))
        to.end("length" if made.shape[-1] > bound else "stop")


def load(options: Options, _: Settings) -> TaskPrompts:
    processor = library().AutoProcessor.from_pretrained(options.model, **source(options))
    model = pretrained(options, "AutoModelForCausalLM" if options.trust_remote_code else "AutoModelForImageTextToText", places=False)
    return TaskPrompts(model, processor, max_length(options, model.config))
