"""Stands in for sentence-transformers 5.2.0 (UKPLab/sentence-transformers, sentence_transformers/SentenceTransformer.py). A vector has 8 numbers, made of the text's letters."""

from __future__ import annotations

from types import SimpleNamespace

import numpy

import _library
import torch


class SentenceTransformer:
    max_seq_length = 384
    prompts = {"query": "Find: "}

    def __init__(self, model_name_or_path, *, device=None, revision=None, trust_remote_code=False):
        _library.load()
        config = SimpleNamespace(matryoshka_dimensions=[4, 8] if "jina" in model_name_or_path else None)
        self._first = SimpleNamespace(auto_model=SimpleNamespace(config=config))
        self.tokenizer = SimpleNamespace(eos_token="</s>")

    def __getitem__(self, index):
        return self._first

    def parameters(self):
        return iter([torch.Tensor([0.0])])

    def to(self, *, device, dtype):
        return self

    def eval(self):
        return self

    def get_sentence_embedding_dimension(self):
        return 8

    def tokenize(self, texts):
        return {"attention_mask": torch.Tensor([[1] * max(len(text.split()) for text in texts)] * len(texts))}

    def encode(self, sentences, *, prompt_name=None, prompt=None, batch_size=32, show_progress_bar=None, convert_to_numpy=True, device=None, normalize_embeddings=False):
        _library.pause()
        prefix = prompt or self.prompts.get(prompt_name, "")
        rows = [numpy.bincount(numpy.frombuffer((prefix + text).encode(), "u1") % 8, minlength=8).astype(numpy.float32) for text in sentences]
        return numpy.stack([row / numpy.linalg.norm(row) for row in rows])
