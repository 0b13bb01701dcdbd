"""Embeddings by sentence-transformers, which knows how each model's vectors are made.

Library: sentence-transformers 5.2.0 (UKPLab/sentence-transformers, sentence_transformers/SentenceTransformer.py: ``encode``, ``tokenize``), and 2.7.0,
which NV-Embed-v2 wants. Further fields of a request: ``prompt``, ``prompt_name`` and, where the model has tasks, ``task``.
"""

from __future__ import annotations

from typing import Any

import numpy

from ..embeddings import routes  # noqa: F401
from ..errors import invalid
from ..fields import Fields
from ..loading import device_of, dtype_of, require
from ..options import Options
from ..settings import Settings
from ..worker import Work

_BATCH = 32


class SentenceTransformers:
    def __init__(self, model: Any, device: str) -> None:
        self._model = model
        self._device = device
        self.max_length: int = model.max_seq_length
        self.dimensions: int = model.get_sentence_embedding_dimension()
        config = getattr(model[0], "auto_model", None) and model[0].auto_model.config
        self.shorter: tuple[int, ...] | None = None
        if getattr(config, "is_matryoshka", False) or getattr(config, "matryoshka_dimensions", None):
            self.shorter = tuple(getattr(config, "matryoshka_dimensions", None) or ())
        # NV-Embed reads a text as ended by its end token alone, and says so in its configuration.
        self._end: str = model.tokenizer.eos_token if getattr(config, "add_eos", False) else ""

    def embed(self, texts: list[str], wish: Fields, work: Work) -> tuple[Any, int]:
        texts = [text + self._end for text in texts]
        more = self._further(wish)
        rows, tokens = [], 0
        for at in range(0, len(texts), _BATCH):
            work.check()
            batch = texts[at : at + _BATCH]
            tokens += int(self._model.tokenize(batch)["attention_mask"].sum())
            rows.append(self._model.encode(batch, batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True, normalize_embeddings=True, device=self._device, **more))
        return numpy.concatenate(rows).astype(numpy.float32), tokens

    def _further(self, wish: Fields) -> dict[str, Any]:
        more = {name: value for name in ("prompt", "prompt_name", "task") if (value := wish.text(name, longest=2000)) is not None}
        if (name := more.get("prompt_name")) is not None and name not in self._model.prompts:
            raise invalid(f"'prompt_name' is '{name[:40]}'; this model's are {', '.join(self._model.prompts) or 'none'}.", "prompt_name")
        return more


def load(options: Options, _: Settings) -> SentenceTransformers:
    library = require("sentence_transformers", "sentence-transformers")
    device = device_of(options)
    # Loaded beside the GPU and moved in its final type: in between it may be twice as large.
    model = library.SentenceTransformer(options.model, device="cpu", revision=options.revision, trust_remote_code=options.trust_remote_code)
    kept = next(iter(model.parameters())).dtype
    auto = kept if device == "cpu" else _stored(model, kept)
    model = model.to(device=device, dtype=dtype_of(options, auto)).eval()
    return SentenceTransformers(model, device)


def _stored(model: Any, kept: Any) -> Any:
    """The type of the repository's weights, which the library widens to 32 bits."""
    config = getattr(getattr(model[0], "auto_model", None), "config", None)
    named = getattr(config, "torch_dtype", None) or getattr(config, "dtype", None)
    return getattr(require("torch"), named) if isinstance(named, str) else named or kept
