"""Embeddings by any encoder of transformers (``AutoModel``): the mean of the last layer over a text's tokens, made one long."""

from __future__ import annotations

from typing import Any

from ..embeddings import routes  # noqa: F401
from ..fields import Fields
from ..hugging import library, max_length, pretrained, source
from ..loading import require
from ..options import Options
from ..settings import Settings
from ..worker import Work

_BATCH = 32


class Embedding:
    shorter = None

    def __init__(self, model: Any, tokenizer: Any, length: int) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self.max_length = length
        self.dimensions: int = model.config.hidden_size

    def embed(self, texts: list[str], _: Fields, work: Work) -> tuple[Any, int]:
        torch = require("torch")
        rows, tokens = [], 0
        for at in range(0, len(texts), _BATCH):
            work.check()
            inputs = self._tokenizer(texts[at : at + _BATCH], padding=True, truncation=True, max_length=self.max_length, return_tensors="pt").to(self._model.device)
            tokens += int(inputs["attention_mask"].sum())
            with torch.inference_mode():
                states = self._model(**inputs).last_hidden_state
            mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(dim=1) / mask.sum(dim=1)
            rows.append(torch.nn.functional.normalize(mean.float(), dim=-1).cpu())
        return torch.cat(rows).numpy(), tokens


def load(options: Options, _: Settings) -> Embedding:
    tokenizer = library().AutoTokenizer.from_pretrained(options.model, **source(options))
    model = pretrained(options, "AutoModel")
    return Embedding(model, tokenizer, max_length(options, model.config, tokenizer))
